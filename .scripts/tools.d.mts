export interface ToolSource {
  folder: string;
  licence: string;
  isPackage: boolean;
}
export function toolFiles(from?: ToolSource): string[];
export function titleOf(name: string, script: string): string;
export function writeTools(output: string, from?: ToolSource): void;
