import { describe, expect, it } from 'vitest';
import { publishedConfig } from '../../../../src/flows/install/published.ts';

const published = (content: object) => publishedConfig({ config: JSON.stringify(content) }, 'hubspot');

describe('a config as clients get it', () => {
  it('has nothing that was not sent, but its provider', () => {
    expect(published({})).toEqual({ provider: 'hubspot' });
  });

  it('has objects in each action, also where none were sent', () => {
    expect(published({ read: {}, subscribe: { objects: {} } })).toEqual({
      provider: 'hubspot',
      read: { objects: {} },
      subscribe: { objects: {} },
    });
  });

  it('has what the contract requires of each object, and what was sent', () => {
    const sent = { provider: 'salesforce', read: { objects: { lead: { disabled: true } } }, proxy: { enabled: true } };
    expect(published(sent)).toEqual({
      provider: 'salesforce',
      read: {
        objects: { lead: { objectName: 'lead', selectedFields: {}, selectedFieldMappings: {}, disabled: true } },
      },
      proxy: { enabled: true },
    });
  });
});
