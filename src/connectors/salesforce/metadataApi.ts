// Salesforce's Metadata API, which there is as SOAP only. It wants the token inside of the document and answers every
// refusal with a fault of status 500.
// Source: https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_upsertMetadata.htm

import { type ErrorCode, IntegrationError } from '../../core/errors.ts';
import { childrenOf, elementAt, escapeXml, parseXml, textOf, type XmlElement } from '../../core/xml.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import type { ProviderCall } from '../contract.ts';
import { salesforceFailure } from './errors.ts';

/** Components that one call takes. */
export const COMPONENTS_PER_CALL = 10;
const PATH = '/services/Soap/m/60.0';
const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const METADATA = 'http://soap.sforce.com/2006/04/metadata';
const SCHEMA = 'http://www.w3.org/2001/XMLSchema';
/** In a fault and in an answer to a component: who may not. */
const FORBIDDEN = /^(INSUFFICIENT_ACCESS|INSUFFICIENT_ACCESS_OR_READONLY|API_DISABLED_FOR_ORG|INSUFFICIENT_\w+)$/;

/** An element that is sent: its name, and its text or its own elements. */
export type Sent = readonly [name: string, content: string | readonly Sent[]];
export interface Component {
  readonly type: 'CustomField' | 'PermissionSet';
  readonly elements: readonly Sent[];
}

/** What became of one component. */
export interface Upserted {
  readonly fullName: string;
  readonly isCreated: boolean;
  readonly failure: IntegrationError | null;
}

export class MetadataApi {
  readonly #call: ProviderCall;
  readonly #nowMs: () => number;

  constructor(call: ProviderCall, nowMs: () => number) {
    this.#call = call;
    this.#nowMs = nowMs;
  }

  /** Those of the named components that there are. At most `COMPONENTS_PER_CALL`. */
  async read(type: Component['type'], fullNames: readonly string[]): Promise<readonly XmlElement[]> {
    const names = fullNames.map((name): Sent => ['fullNames', name]);
    const answer = await this.#send('readMetadata', xmlOf([['type', type], ...names]));
    return childrenOf(elementAt(answer, 'result'), 'records').filter((record) => textOf(record, 'fullName') !== '');
  }

  /** Creates or changes components: all of them or none. At most `COMPONENTS_PER_CALL`. */
  async upsert(components: readonly Component[]): Promise<readonly Upserted[]> {
    const parts = components.map(({ type, elements }) => `<metadata xsi:type="${type}">${xmlOf(elements)}</metadata>`);
    const answer = await this.#send('upsertMetadata', parts.join(''));
    const results = childrenOf(answer, 'result').map(upsertedOf);
    if (results.length === 0) throw malformed('what became of the components');
    return results;
  }

  async #send(operation: string, content: string): Promise<XmlElement> {
    const response = await this.#call({
      method: 'POST',
      path: PATH,
      headers: { accept: 'text/xml', soapaction: "''" },
      xml: {
        beforeToken:
          '<?xml version="1.0" encoding="UTF-8"?>' +
          `<soapenv:Envelope xmlns:soapenv="${SOAP}" xmlns:xsd="${SCHEMA}" xmlns:xsi="${SCHEMA}-instance">` +
          `<soapenv:Header xmlns="${METADATA}"><AllOrNoneHeader><allOrNone>true</allOrNone></AllOrNoneHeader>` +
          '<SessionHeader><sessionId>',
        afterToken:
          `</sessionId></SessionHeader></soapenv:Header><soapenv:Body xmlns="${METADATA}">` +
          `<${operation}>${content}</${operation}></soapenv:Body></soapenv:Envelope>`,
      },
      statusOf,
    });
    if (response.status >= 300) throw this.#failureOf(response);
    const answer = elementAt(documentOf(response), 'Body', `${operation}Response`);
    if (answer === undefined) throw malformed(`the answer to ${operation}`);
    return answer;
  }

  #failureOf(response: BufferedResponse): IntegrationError {
    const failure = salesforceFailure(response, '', this.#nowMs());
    const fault = faultOf(response);
    if (fault === null) return failure;
    // The words about a session quote a hash of it.
    const words = fault.code === 'INVALID_SESSION_ID' ? fault.code : fault.words;
    const { retryAtMs } = failure;
    const code = fault.code === 'API_DISABLED_FOR_ORG' ? 'api_disabled' : failure.code;
    return new IntegrationError(code, `Salesforce refused it: ${words}`, {
      upstreamStatus: response.status,
      ...(retryAtMs === undefined ? {} : { retryAtMs }),
    });
  }
}

function xmlOf(elements: readonly Sent[]): string {
  return elements
    .map(([name, content]) => `<${name}>${typeof content === 'string' ? escapeXml(content) : xmlOf(content)}</${name}>`)
    .join('');
}

function upsertedOf(result: XmlElement): Upserted {
  const fullName = textOf(result, 'fullName');
  const isCreated = textOf(result, 'created') === 'true';
  if (textOf(result, 'success') === 'true') return { fullName, isCreated, failure: null };
  const errors = childrenOf(result, 'errors');
  const said = [...new Set(errors.map((error) => textOf(error, 'message')))].sort().join('; ');
  const isForbidden = errors.some((error) => FORBIDDEN.test(textOf(error, 'statusCode')));
  const code: ErrorCode = isForbidden ? 'forbidden' : 'bad_request';
  const words = said === '' ? 'it did not say why' : said.slice(0, 300);
  return { fullName, isCreated: false, failure: new IntegrationError(code, `Salesforce refused it: ${words}`) };
}

function documentOf(response: BufferedResponse): XmlElement {
  try {
    return parseXml(response.body.toString(), 'the answer of Salesforce');
  } catch (cause) {
    throw new IntegrationError('provider_malformed', `Salesforce answered ${response.status} without valid XML`, {
      upstreamStatus: response.status,
      cause,
    });
  }
}

/** What a fault says: `sf:INVALID_SESSION_ID` and words that repeat it. */
function faultOf(response: BufferedResponse): { readonly code: string; readonly words: string } | null {
  const text = response.body.toString();
  if (!text.includes('Fault')) return null;
  try {
    const fault = elementAt(parseXml(text, 'a fault'), 'Body', 'Fault');
    const code = textOf(fault, 'faultcode').replace(/^\w+:/, '');
    return code === '' ? null : { code, words: textOf(fault, 'faultstring').replaceAll(/\s+/g, ' ').slice(0, 300) };
  } catch {
    return null;
  }
}

/** As the REST API would have answered. */
function statusOf(response: BufferedResponse): number {
  const code = response.status < 500 ? undefined : faultOf(response)?.code;
  if (code === undefined || code === 'SERVER_UNAVAILABLE' || code === 'UNKNOWN_EXCEPTION') return response.status;
  if (code === 'INVALID_SESSION_ID') return 401;
  return code === 'REQUEST_LIMIT_EXCEEDED' || FORBIDDEN.test(code) ? 403 : 400;
}

function malformed(expected: string): IntegrationError {
  return new IntegrationError('provider_malformed', `Salesforce answered without ${expected}`);
}
