export declare function serve(): Promise<{ baseUrl: string; close(): void }>
