// Pulumi requires a policy pack's main file, and hooks TypeScript's compiler into what is required. An import is beyond
// that hook: Node itself strips the types, as for the program.
"use strict";

module.exports = import("./pack.ts");
