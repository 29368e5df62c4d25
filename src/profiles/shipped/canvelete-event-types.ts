import type { ProfileSource } from '../profile.ts';

/** Canvelete's page shows the data of the types that have a schema here. It only names the others. */
export const canveleteEventTypes: ProfileSource['eventTypes'] = [
  {
    name: 'render.completed',
    description: 'Render job finished successfully',
    example: {
      renderId: 'render_xyz789',
      designId: 'design_abc123',
      status: 'completed',
      downloadUrl: 'https://cdn.canvelete.com/renders/xyz789.png',
      metadata: { format: 'png', width: 1080, height: 1080, fileSize: 245760, renderTime: 1.2 },
    },
    schema: {
      type: 'object',
      required: ['renderId', 'designId', 'status', 'downloadUrl', 'metadata'],
      properties: {
        renderId: { type: 'string' },
        designId: { type: 'string' },
        status: { const: 'completed' },
        downloadUrl: { type: 'string' },
        metadata: {
          type: 'object',
          required: ['format', 'width', 'height', 'fileSize'],
          properties: {
            format: { type: 'string' },
            width: { type: 'integer', minimum: 1 },
            height: { type: 'integer', minimum: 1 },
            fileSize: { type: 'integer', minimum: 0 },
            renderTime: { type: 'number', minimum: 0 },
          },
        },
      },
    },
  },
  {
    name: 'render.failed',
    description: 'Render job failed',
    example: {
      renderId: 'render_failed123',
      designId: 'design_abc123',
      status: 'failed',
      error: { code: 'RENDER_TIMEOUT', message: 'Render exceeded maximum time limit' },
    },
    schema: {
      type: 'object',
      required: ['renderId', 'designId', 'status', 'error'],
      properties: {
        renderId: { type: 'string' },
        designId: { type: 'string' },
        status: { const: 'failed' },
        error: {
          type: 'object',
          required: ['code', 'message'],
          properties: { code: { type: 'string' }, message: { type: 'string' } },
        },
      },
    },
  },
  {
    name: 'design.created',
    description: 'New design created',
    example: {
      designId: 'design_new123',
      name: 'New Design',
      width: 1920,
      height: 1080,
      createdBy: 'user_abc123',
    },
    schema: {
      type: 'object',
      required: ['designId', 'name', 'width', 'height', 'createdBy'],
      properties: {
        designId: { type: 'string' },
        name: { type: 'string' },
        width: { type: 'integer', minimum: 1 },
        height: { type: 'integer', minimum: 1 },
        createdBy: { type: 'string' },
      },
    },
  },
  {
    name: 'design.updated',
    description: 'Design modified',
    example: { designId: 'design_abc123', name: 'Renamed Design', width: 1920, height: 1080 },
  },
  { name: 'design.deleted', description: 'Design removed', example: { designId: 'design_abc123' } },
  {
    name: 'export.completed',
    description: 'Export finished',
    example: {
      exportId: 'export_abc123',
      designId: 'design_abc123',
      status: 'completed',
      downloadUrl: 'https://cdn.canvelete.com/exports/abc123.pdf',
    },
  },
  {
    name: 'subscription.updated',
    description: 'Plan changed',
    example: { plan: 'pro', previousPlan: 'free' },
  },
];
