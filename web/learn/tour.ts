export interface RunResult {
  script: string;
  output: string;
  code: number | undefined;
}
