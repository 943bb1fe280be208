/** Options that every command takes. */
export interface GlobalOptions {
  /** Which stack. @default "dev" */
  readonly stack: string;
  /** Answer every question with yes. @default false */
  readonly yes: boolean;
  /** Report as JSON, where the command reports. @default false */
  readonly json: boolean;
}
