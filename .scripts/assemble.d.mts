export function assemble(entry: string, options: string[]): Promise<boolean>;
