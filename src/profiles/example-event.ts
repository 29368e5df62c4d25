/** What stands for the rest of an example event: its type, data and attributes are the catalogue's to say. */
export const EXAMPLE_EVENT = { id: 'evt_example', consumer: 'example', createdAt: new Date(0), test: true };
