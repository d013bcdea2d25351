export { ControlError } from "./control.js";
export { Clock } from "./clock.js";
export { story } from "./story.js";
export { Fault, Faults } from "./faults.js";
export { IncompleteError, Journal } from "./journal.js";
export { Mock, start } from "./mock.js";
export { eventually, TimeoutError } from "./waiting.js";
export { ServiceApp, World } from "./world.js";
