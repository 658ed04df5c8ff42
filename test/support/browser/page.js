// A builder's page with the published React library, unchanged. What it shows comes in the address; what the library
// tells it is kept in `window.told`. Built by `site.ts`. Plain JavaScript, because React's types are not installed.

import '@amp-labs/react/styles';
import { AmpersandProvider, ConnectProvider, InstallIntegration } from '@amp-labs/react';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

const COMPONENTS = {
  ConnectProvider: [ConnectProvider, ['onConnectSuccess', 'onDisconnectSuccess']],
  InstallIntegration: [InstallIntegration, ['onInstallSuccess', 'onUpdateSuccess', 'onUninstallSuccess']],
};

window.told = [];

/** What a builder's backend is asked for: a token for the customer who is signed in. */
async function getToken(customer) {
  const response = await fetch(`/token?${new URLSearchParams(customer)}`);
  return response.text();
}

function show({ component, options, props }) {
  const [shown, names] = COMPONENTS[component];
  const callbacks = Object.fromEntries(names.map((name) => [name, (...said) => window.told.push({ name, said })]));
  createRoot(document.getElementById('root')).render(
    createElement(
      AmpersandProvider,
      { options: 'apiKey' in options ? options : { ...options, getToken } },
      createElement(shown, { ...props, ...callbacks }),
    ),
  );
}

// A page of the builder's without the library has nothing in its address.
const asked = new URLSearchParams(location.search).get('show');
if (asked !== null) show(JSON.parse(asked));
