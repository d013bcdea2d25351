/** @import { Control } from './control.js' */
/** @import { components } from './api.d.ts' */
/** @import { FaultPlan } from './things.d.ts' */
/** A planned fault. */
export class Fault {
    /**
     * @param {Control} control
     * @param {components['schemas']['PlannedFault']} planned
     */
    constructor(control: Control, planned: components["schemas"]["PlannedFault"]);
    id: string;
    match: {
        surface?: string;
        endpoint?: string;
        method?: string;
        path?: string;
        event?: string;
        caller?: string;
    };
    action: {
        reject?: string;
        status?: number;
        body?: unknown;
        headers?: {
            [key: string]: string;
        };
        delay?: number | components["schemas"]["DelaySpread"];
        transport?: "truncate" | "drop" | "reset" | "garbage";
        frame?: "close" | "duplicate" | "swallow";
    };
    times: number | null;
    probability: number;
    /**
     * Return how often it has happened by now.
     * @returns {Promise<number>}
     */
    fired(): Promise<number>;
    /** Take it out of the plan. */
    drop(): Promise<void>;
    #private;
}
/** What is planned to go wrong. */
export class Faults {
    /** @param {Control} control */
    constructor(control: Control);
    /** Whether this client has planned anything, a misbehaviour included. */
    planned: boolean;
    /**
     * Plan one: a refusal by its code, an answer of your own, a delay, or something with connection or frame.
     * @param {FaultPlan} plan without a `match` any call is meant
     * @returns {Promise<Fault>}
     */
    plan({ match, times, probability, ...action }: FaultPlan): Promise<Fault>;
    /**
     * Return what is planned.
     * @returns {Promise<Fault[]>}
     */
    all(): Promise<Fault[]>;
    /**
     * Return what was planned and has never happened.
     * @returns {Promise<Fault[]>}
     */
    unfired(): Promise<Fault[]>;
    /** Forget the plan. */
    clear(): Promise<void>;
    #private;
}
import type { components } from './api.d.ts';
import type { Control } from './control.js';
import type { FaultPlan } from './things.d.ts';
