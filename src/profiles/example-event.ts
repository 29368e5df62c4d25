/** The fields of an example event that do not come from the catalogue, which defines its type, data and attributes. */
export const EXAMPLE_EVENT = {
  id: 'evt_example',
  consumer: 'example',
  createdAt: new Date(0),
  sequence: 1,
  test: true,
};
