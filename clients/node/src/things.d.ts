// What the client takes and answers. Written by hand from the types of the API document in api.d.ts: the same members,
// in camel case.
import type {
  Code,
  Direction,
  EndpointId,
  Event,
  FaultEvent,
  FrameFault,
  Licence,
  Method,
  Misbehaviour,
  Role,
  Route,
  Scope,
  Surface,
  TransportFault,
  components,
} from './api.d.ts';

export type { Code, Direction, EndpointId, Event, FaultEvent, Licence, Method, Misbehaviour, Role, Route, Scope, Surface };

type Schemas = components['schemas'];

type CamelWord<Word> = Word extends `_${infer Rest}`
  ? CamelWord<Rest>
  : Word extends `${infer Head}_${infer Tail}`
    ? `${Head}${Capitalize<CamelWord<Tail>>}`
    : Word;

/** The members of an object in camel case; what is inside of them stays as it is. */
export type Camel<Thing> = { [Name in keyof Thing as CamelWord<Name>]: Thing[Name] };

/** Members that may be left out, and null nowhere. */
type Options<Thing> = { [Name in keyof Thing]?: NonNullable<Thing[Name]> };

export type User = Readonly<Camel<Schemas['MockUser']>>;
export type Company = Readonly<Camel<Schemas['MockCompany']>>;
export type OAuthClient = Readonly<Camel<Schemas['MockClient']>>;
export type AppState = Readonly<Camel<Schemas['AppState']>>;
export type KeyFile = Readonly<Schemas['KeyFile']>;
export type Space = Readonly<Camel<Schemas['MockSpace']>>;
export type Message = Readonly<Omit<Camel<Schemas['MockMessage']>, 'topicId'> & { spaceId: string }>;
export type Mail = Readonly<Omit<Camel<Schemas['MockMail']>, 'topicId'> & { spaceId: string }>;
export type Socket = Readonly<Camel<Schemas['MockSocket']>>;
export type Credential = Readonly<Camel<Schemas['Credential']>>;
export type Snapshot = Record<string, unknown>;
export type Seed = Schemas['Seed'];
export type Settings = Schemas['WorldSettings'];
export type SettingChanges = Options<Schemas['Settings']>;

/** Somebody, by user name or as `world.user` made them. */
export type Person = string | Pick<User, 'username'>;
/** Something that has an id, or the id. */
export type Ref = string | { readonly id: string };

type Companies = boolean | readonly Ref[];

export type UserOptions = Omit<
  Options<Camel<Schemas['UserSeed']>>,
  'username' | 'company' | 'companyAdmin' | 'developer'
> & { company?: Ref; companyAdmin?: Companies; developer?: Companies };

export type UserChanges = Omit<Options<Camel<Schemas['UserPatch']>>, 'company' | 'companyAdmin' | 'developer'> & {
  company?: Ref;
  companyAdmin?: Companies;
  developer?: Companies;
};

export type CompanyOptions = Omit<Options<Camel<Schemas['CompanySeed']>>, 'name' | 'creator'> & { creator?: Person };
export type CompanyChanges = Omit<Options<Camel<Schemas['CompanyPatch']>>, 'creator'> & { creator?: Person };

export type OAuthClientOptions = Omit<Options<Camel<Schemas['ClientSeed']>>, 'owner' | 'creator'> & {
  owner?: Ref;
  creator?: Person;
};

export type Scopes = readonly Scope[] | Scope | 'all';

export type ServiceAppOptions = Omit<Options<Camel<Schemas['AppSeed']>>, 'company' | 'creator' | 'scopes'> & {
  scopes?: Scopes;
  company?: Ref;
  creator?: Person;
};

export type ServiceAppChanges = Omit<Options<Camel<Schemas['AppPatch']>>, 'scopes'> & { scopes?: Scopes };

/** What a JWT of a service app says. `expiresIn` is in seconds of the world's clock, and negative for one that has expired. */
export type JwtOptions = Options<Camel<Schemas['JwtBody']>>;

export type TokenOptions = Omit<Options<Camel<Schemas['TokenBody']>>, 'username' | 'spaceId'> & { space?: Ref };

export type SpaceOptions = Omit<Options<Camel<Schemas['SpaceSeed']>>, 'title' | 'owner' | 'members'> & {
  owner: Person;
  /** People, or user names with their roles: `{ 'bob@example.com': 'admin' }`. */
  members?: readonly Person[] | Readonly<Record<string, Role>>;
};

export type Category = 'chat' | 'idea' | 'task';

export interface MessageOptions {
  username?: Person;
  /** Who says it, for people without an account. */
  personId?: string;
  category?: Category;
  description?: string;
  parent?: Ref;
  assignees?: readonly Ref[];
  due?: string | Date;
  status?: 'pending' | 'completed';
}

export interface MessageQuery {
  space?: Ref;
  category?: Category;
  sender?: Person;
  text?: string;
  parent?: Ref;
  id?: string;
}

export interface SocketQuery {
  username?: Person;
  personId?: string;
  space?: Ref;
  id?: string;
}

/** What entries of the journal are chosen by; all that are given must fit. */
export interface Filters {
  route?: Route;
  surface?: Surface;
  method?: Method | Direction;
  /** A path, the beginning of one, or a pattern with `*`. */
  path?: string;
  endpoint?: EndpointId;
  event?: Event;
  /** A user name, or kind and name: `svc *`. */
  caller?: string;
  status?: number | '1xx' | '2xx' | '3xx' | '4xx' | '5xx';
  code?: Code;
  refused?: boolean;
  trace?: number;
  /** A time of the world. */
  since?: string | Date;
  /** The id of the entry after which to begin. */
  after?: number;
}

/** Which calls or socket events a planned fault happens to; all that are given must fit. */
export interface Match {
  route?: Route;
  surface?: Surface;
  endpoint?: EndpointId;
  method?: Method;
  path?: string;
  event?: FaultEvent;
  caller?: string;
}

/** How often a fault happens: `times` at most, and each time with this `probability` from 0 to 1. */
export interface Often {
  times?: number;
  probability?: number;
}

/** Seconds; or those of a real service: half of the delays are below `median`, one in a hundred is above `p99`. */
export type Delay = number | { median: number; p99: number };

export interface Answer {
  status?: number;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  delay?: Delay;
}

export interface FaultPlan extends Answer, Often {
  match?: Match;
  reject?: Code;
  transport?: TransportFault;
  frame?: FrameFault;
}

export type Side = Schemas['JournalMessage'];

/** One exchange as the mock saw it; `why` says in plain words why it was refused. Secrets are hidden. */
export type JournalEntry = Readonly<
  Omit<Camel<Schemas['JournalEntry']>, 'request' | 'response' | 'credential' | 'query'> & {
    query: Readonly<Record<string, string>>;
    credential: Credential | null;
    /** The body that came; of one over 8 KB the beginning, and `truncated` says so. */
    request: string;
    response: string;
    requestHeaders: Headers;
    responseHeaders: Headers;
    truncated: boolean;
  }
>;

export interface Duration {
  seconds?: number;
  minutes?: number;
  hours?: number;
  days?: number;
}

export interface WorldOptions {
  name?: string;
  /** What it begins with: a name, or a seed document. */
  seed?: 'demo' | 'empty' | Seed;
  /** Seconds without use after which it ends; null keeps it. The default is 600. */
  ttl?: number | null;
}

export interface ConnectOptions {
  /** What `mockspaces serve --control-token` wants. */
  controlToken?: string;
  /** Seconds that an answer may take; 70 by default. */
  timeout?: number;
  /** The authority of an https URL, in PEM; `serve --tls` writes it. */
  ca?: string;
}

export interface StartOptions extends ConnectOptions {
  /** A mock that runs already. MOCKSPACES_URL says the same. */
  url?: string;
  /** The Python that has `mockspaces[server]`. MOCKSPACES_PYTHON says the same; `python3` otherwise. */
  python?: string;
  /** What the default world begins with: demo, empty, or the path of a seed document. */
  seed?: string;
  /** Settings of the default world: `{ 'rest.enforce_limits': true }`. */
  settings?: SettingChanges;
  /** Makes ids and tokens reproducible. */
  randomSeed?: string;
  /** More options of `mockspaces serve`, as on a command line. */
  args?: readonly string[];
}
