import { snake } from './words.js';

/** @import { Control } from './control.js' */
/** @import { components } from './api.d.ts' */
/** @import { FaultPlan } from './things.d.ts' */

/** A planned fault. */
export class Fault {
  #control;

  /**
   * @param {Control} control
   * @param {components['schemas']['PlannedFault']} planned
   */
  constructor(control, planned) {
    this.#control = control;
    this.id = planned.id;
    this.match = planned.match;
    this.action = planned.action;
    this.times = planned.times;
    this.probability = planned.probability;
  }

  /**
   * Return how often it has happened by now.
   * @returns {Promise<number>}
   */
  async fired() {
    /** @type {components['schemas']['PlannedFault'][]} */
    const planned = (await this.#control.call('GET', '/faults')).data;
    return planned.find(({ id }) => id === this.id)?.fired ?? 0;
  }

  /** Take it out of the plan. */
  async drop() {
    await this.#control.call('DELETE', `/faults/${this.id}`);
  }
}

/** What is planned to go wrong. */
export class Faults {
  #control;
  /** Whether this client has planned anything, a misbehaviour included. */
  planned = false;

  /** @param {Control} control */
  constructor(control) {
    this.#control = control;
  }

  /**
   * Plan one: a refusal by its code, an answer of your own, a delay, or something with connection or frame.
   * @param {FaultPlan} plan without a `match` any call is meant
   * @returns {Promise<Fault>}
   */
  async plan({ match = {}, times, probability, ...action }) {
    const made = await this.#control.call('POST', '/faults', {
      match: snake(match),
      action: snake(action),
      ...snake({ times, probability }),
    });
    this.planned = true;
    return new Fault(this.#control, made);
  }

  /**
   * Return what is planned.
   * @returns {Promise<Fault[]>}
   */
  async all() {
    return (await this.#data()).map((one) => new Fault(this.#control, one));
  }

  /**
   * Return what was planned and has never happened.
   * @returns {Promise<Fault[]>}
   */
  async unfired() {
    return (await this.#data()).filter(({ fired }) => !fired).map((one) => new Fault(this.#control, one));
  }

  /** Forget the plan. */
  async clear() {
    await this.#control.call('DELETE', '/faults');
  }

  /** @returns {Promise<components['schemas']['PlannedFault'][]>} */
  async #data() {
    return (await this.#control.call('GET', '/faults')).data;
  }
}
