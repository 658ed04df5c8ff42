// Every built-in declaration. A provider is added here and nowhere else.

import { accuLynx } from './providers/accuLynx.ts';
import { activeCampaign } from './providers/activeCampaign.ts';
import { acuityScheduling } from './providers/acuityScheduling.ts';
import { adobe } from './providers/adobe.ts';
import { adyen } from './providers/adyen.ts';
import { adyenTest } from './providers/adyenTest.ts';
import { aha } from './providers/aha.ts';
import { aircall } from './providers/aircall.ts';
import { airtable } from './providers/airtable.ts';
import { amplemarket } from './providers/amplemarket.ts';
import { amplitude } from './providers/amplitude.ts';
import { anthropic } from './providers/anthropic.ts';
import { apollo } from './providers/apollo.ts';
import { asana } from './providers/asana.ts';
import { ashby } from './providers/ashby.ts';
import { atlassian } from './providers/atlassian.ts';
import { attio } from './providers/attio.ts';
import { avoma } from './providers/avoma.ts';
import { aWeber } from './providers/aWeber.ts';
import { aws } from './providers/aws.ts';
import { basecamp } from './providers/basecamp.ts';
import { bentley } from './providers/bentley.ts';
import { bigquery } from './providers/bigquery.ts';
import { bird } from './providers/bird.ts';
import { bitbucket } from './providers/bitbucket.ts';
import { blackbaud } from './providers/blackbaud.ts';
import { blueshift } from './providers/blueshift.ts';
import { blueshiftEU } from './providers/blueshiftEU.ts';
import { box } from './providers/box.ts';
import { braintree } from './providers/braintree.ts';
import { braze } from './providers/braze.ts';
import { breakcold } from './providers/breakcold.ts';
import { breezy } from './providers/breezy.ts';
import { brevo } from './providers/brevo.ts';
import { bynder } from './providers/bynder.ts';
import { calendly } from './providers/calendly.ts';
import { callRail } from './providers/callRail.ts';
import { campaignMonitor } from './providers/campaignMonitor.ts';
import { capsule } from './providers/capsule.ts';
import { chargebee } from './providers/chargebee.ts';
import { chargeOver } from './providers/chargeOver.ts';
import { chartMogul } from './providers/chartMogul.ts';
import { chilipiper } from './providers/chilipiper.ts';
import { chorus } from './providers/chorus.ts';
import { clari } from './providers/clari.ts';
import { clariCopilot } from './providers/clariCopilot.ts';
import { clickup } from './providers/clickup.ts';
import { close } from './providers/close.ts';
import { cloudTalk } from './providers/cloudTalk.ts';
import { coda } from './providers/coda.ts';
import { connectWise } from './providers/connectWise.ts';
import { constantContact } from './providers/constantContact.ts';
import { copper } from './providers/copper.ts';
import { coupa } from './providers/coupa.ts';
import { crunchbase } from './providers/crunchbase.ts';
import { customerDataPipelines } from './providers/customerDataPipelines.ts';
import { customerJourneysApp } from './providers/customerJourneysApp.ts';
import { customerJourneysTrack } from './providers/customerJourneysTrack.ts';
import { deel } from './providers/deel.ts';
import { deelSandbox } from './providers/deelSandbox.ts';
import { delighted } from './providers/delighted.ts';
import { devrev } from './providers/devrev.ts';
import { discord } from './providers/discord.ts';
import { discourse } from './providers/discourse.ts';
import { dixa } from './providers/dixa.ts';
import { docusign } from './providers/docusign.ts';
import { docusignDeveloper } from './providers/docusignDeveloper.ts';
import { domo } from './providers/domo.ts';
import { dovetail } from './providers/dovetail.ts';
import { drift } from './providers/drift.ts';
import { drip } from './providers/drip.ts';
import { dropbox } from './providers/dropbox.ts';
import { dropboxSign } from './providers/dropboxSign.ts';
import { dynamicsBusinessCentral } from './providers/dynamicsBusinessCentral.ts';
import { dynamicsCRM } from './providers/dynamicsCRM.ts';
import { emailBison } from './providers/emailBison.ts';
import { fastSpring } from './providers/fastSpring.ts';
import { fathom } from './providers/fathom.ts';
import { figma } from './providers/figma.ts';
import { fireflies } from './providers/fireflies.ts';
import { flatfile } from './providers/flatfile.ts';
import { formstack } from './providers/formstack.ts';
import { fourFour } from './providers/fourFour.ts';
import { freshchat } from './providers/freshchat.ts';
import { freshdesk } from './providers/freshdesk.ts';
import { freshsales } from './providers/freshsales.ts';
import { freshservice } from './providers/freshservice.ts';
import { front } from './providers/front.ts';
import { g2 } from './providers/g2.ts';
import { gainsight } from './providers/gainsight.ts';
import { geckoboard } from './providers/geckoboard.ts';
import { getResponse } from './providers/getResponse.ts';
import { github } from './providers/github.ts';
import { gitlab } from './providers/gitlab.ts';
import { gladly } from './providers/gladly.ts';
import { gladlyQA } from './providers/gladlyQA.ts';
import { gong } from './providers/gong.ts';
import { google } from './providers/google.ts';
import { googleWorkspaceDelegation } from './providers/googleWorkspaceDelegation.ts';
import { gorgias } from './providers/gorgias.ts';
import { goTo } from './providers/goTo.ts';
import { granola } from './providers/granola.ts';
import { greenhouse } from './providers/greenhouse.ts';
import { greenhouseJobBoard } from './providers/greenhouseJobBoard.ts';
import { groove } from './providers/groove.ts';
import { guru } from './providers/guru.ts';
import { gusto } from './providers/gusto.ts';
import { gustoDemo } from './providers/gustoDemo.ts';
import { happyfox } from './providers/happyfox.ts';
import { helpScoutMailbox } from './providers/helpScoutMailbox.ts';
import { heyreach } from './providers/heyreach.ts';
import { highLevelStandard } from './providers/highLevelStandard.ts';
import { highLevelWhiteLabel } from './providers/highLevelWhiteLabel.ts';
import { hightouch } from './providers/hightouch.ts';
import { hive } from './providers/hive.ts';
import { housecallPro } from './providers/housecallPro.ts';
import { hubspot } from './providers/hubspot.ts';
import { hunter } from './providers/hunter.ts';
import { insightly } from './providers/insightly.ts';
import { instagram } from './providers/instagram.ts';
import { instantly } from './providers/instantly.ts';
import { instantlyAI } from './providers/instantlyAI.ts';
import { intercom } from './providers/intercom.ts';
import { ironclad } from './providers/ironclad.ts';
import { ironcladDemo } from './providers/ironcladDemo.ts';
import { ironcladEU } from './providers/ironcladEU.ts';
import { iterable } from './providers/iterable.ts';
import { jobber } from './providers/jobber.ts';
import { joinMe } from './providers/joinMe.ts';
import { jotform } from './providers/jotform.ts';
import { jump } from './providers/jump.ts';
import { justCall } from './providers/justCall.ts';
import { kaseyaVSAX } from './providers/kaseyaVSAX.ts';
import { keap } from './providers/keap.ts';
import { kit } from './providers/kit.ts';
import { klaviyo } from './providers/klaviyo.ts';
import { lemlist } from './providers/lemlist.ts';
import { lever } from './providers/lever.ts';
import { leverSandbox } from './providers/leverSandbox.ts';
import { linear } from './providers/linear.ts';
import { linkedIn } from './providers/linkedIn.ts';
import { livestorm } from './providers/livestorm.ts';
import { loxo } from './providers/loxo.ts';
import { mailgun } from './providers/mailgun.ts';
import { marketo } from './providers/marketo.ts';
import { maxio } from './providers/maxio.ts';
import { meta } from './providers/meta.ts';
import { microsoft } from './providers/microsoft.ts';
import { microsoftAdminConsent } from './providers/microsoftAdminConsent.ts';
import { miro } from './providers/miro.ts';
import { mixmax } from './providers/mixmax.ts';
import { mixpanel } from './providers/mixpanel.ts';
import { monaco } from './providers/monaco.ts';
import { monday } from './providers/monday.ts';
import { mural } from './providers/mural.ts';
import { netsuite } from './providers/netsuite.ts';
import { netsuiteM2M } from './providers/netsuiteM2M.ts';
import { notion } from './providers/notion.ts';
import { nutshell } from './providers/nutshell.ts';
import { odoo } from './providers/odoo.ts';
import { okta } from './providers/okta.ts';
import { openAI } from './providers/openAI.ts';
import { outplay } from './providers/outplay.ts';
import { outreach } from './providers/outreach.ts';
import { paddle } from './providers/paddle.ts';
import { paddleSandbox } from './providers/paddleSandbox.ts';
import { payPal } from './providers/payPal.ts';
import { payPalSandBox } from './providers/payPalSandBox.ts';
import { phoneBurner } from './providers/phoneBurner.ts';
import { pinterest } from './providers/pinterest.ts';
import { pipedrive } from './providers/pipedrive.ts';
import { pipeliner } from './providers/pipeliner.ts';
import { podium } from './providers/podium.ts';
import { procore } from './providers/procore.ts';
import { procoreSandbox } from './providers/procoreSandbox.ts';
import { productBoard } from './providers/productBoard.ts';
import { pylon } from './providers/pylon.ts';
import { quickbooks } from './providers/quickbooks.ts';
import { quickbooksSandbox } from './providers/quickbooksSandbox.ts';
import { ramp } from './providers/ramp.ts';
import { rampDemo } from './providers/rampDemo.ts';
import { rebilly } from './providers/rebilly.ts';
import { recurly } from './providers/recurly.ts';
import { redditAds } from './providers/redditAds.ts';
import { redtail } from './providers/redtail.ts';
import { reply } from './providers/reply.ts';
import { revenueCat } from './providers/revenueCat.ts';
import { ringCentral } from './providers/ringCentral.ts';
import { ringOverEU } from './providers/ringOverEU.ts';
import { ringOverUS } from './providers/ringOverUS.ts';
import { sageIntacct } from './providers/sageIntacct.ts';
import { salesfinity } from './providers/salesfinity.ts';
import { salesflare } from './providers/salesflare.ts';
import { salesforce } from './providers/salesforce.ts';
import { salesforceJWT } from './providers/salesforceJWT.ts';
import { salesforceMarketing } from './providers/salesforceMarketing.ts';
import { salesloft } from './providers/salesloft.ts';
import { segment } from './providers/segment.ts';
import { seismic } from './providers/seismic.ts';
import { sellsy } from './providers/sellsy.ts';
import { sendGrid } from './providers/sendGrid.ts';
import { serviceNow } from './providers/serviceNow.ts';
import { serviceNowPKCE } from './providers/serviceNowPKCE.ts';
import { shopify } from './providers/shopify.ts';
import { slack } from './providers/slack.ts';
import { smartlead } from './providers/smartlead.ts';
import { smartsheet } from './providers/smartsheet.ts';
import { snapchatAds } from './providers/snapchatAds.ts';
import { snowflake } from './providers/snowflake.ts';
import { solarWindsServiceDesk } from './providers/solarWindsServiceDesk.ts';
import { square } from './providers/square.ts';
import { squareSandbox } from './providers/squareSandbox.ts';
import { stackExchange } from './providers/stackExchange.ts';
import { stripe } from './providers/stripe.ts';
import { sugarCRM } from './providers/sugarCRM.ts';
import { superSend } from './providers/superSend.ts';
import { surveyMonkey } from './providers/surveyMonkey.ts';
import { talkdesk } from './providers/talkdesk.ts';
import { teamleader } from './providers/teamleader.ts';
import { teamwork } from './providers/teamwork.ts';
import { timely } from './providers/timely.ts';
import { tipalti } from './providers/tipalti.ts';
import { typeform } from './providers/typeform.ts';
import { vtiger } from './providers/vtiger.ts';
import { wealthbox } from './providers/wealthbox.ts';
import { webex } from './providers/webex.ts';
import { webflow } from './providers/webflow.ts';
import { whereby } from './providers/whereby.ts';
import { wordPress } from './providers/wordPress.ts';
import { workday } from './providers/workday.ts';
import { wrike } from './providers/wrike.ts';
import { xero } from './providers/xero.ts';
import { zendeskChat } from './providers/zendeskChat.ts';
import { zendeskSupport } from './providers/zendeskSupport.ts';
import { zoho } from './providers/zoho.ts';
import { zoom } from './providers/zoom.ts';
import { zoomInfo } from './providers/zoomInfo.ts';
import { zuora } from './providers/zuora.ts';
import type { ProviderDeclaration } from './schema.ts';

export const BUILT_IN: readonly ProviderDeclaration[] = [
  aWeber,
  accuLynx,
  activeCampaign,
  acuityScheduling,
  adobe,
  adyen,
  adyenTest,
  aha,
  aircall,
  airtable,
  amplemarket,
  amplitude,
  anthropic,
  apollo,
  asana,
  ashby,
  atlassian,
  attio,
  avoma,
  aws,
  basecamp,
  bentley,
  bigquery,
  bird,
  bitbucket,
  blackbaud,
  blueshift,
  blueshiftEU,
  box,
  braintree,
  braze,
  breakcold,
  breezy,
  brevo,
  bynder,
  calendly,
  callRail,
  campaignMonitor,
  capsule,
  chargeOver,
  chargebee,
  chartMogul,
  chilipiper,
  chorus,
  clari,
  clariCopilot,
  clickup,
  close,
  cloudTalk,
  coda,
  connectWise,
  constantContact,
  copper,
  coupa,
  crunchbase,
  customerDataPipelines,
  customerJourneysApp,
  customerJourneysTrack,
  deel,
  deelSandbox,
  delighted,
  devrev,
  discord,
  discourse,
  dixa,
  docusign,
  docusignDeveloper,
  domo,
  dovetail,
  drift,
  drip,
  dropbox,
  dropboxSign,
  dynamicsBusinessCentral,
  dynamicsCRM,
  emailBison,
  fastSpring,
  fathom,
  figma,
  fireflies,
  flatfile,
  formstack,
  fourFour,
  freshchat,
  freshdesk,
  freshsales,
  freshservice,
  front,
  g2,
  gainsight,
  geckoboard,
  getResponse,
  github,
  gitlab,
  gladly,
  gladlyQA,
  goTo,
  gong,
  google,
  googleWorkspaceDelegation,
  gorgias,
  granola,
  greenhouse,
  greenhouseJobBoard,
  groove,
  guru,
  gusto,
  gustoDemo,
  happyfox,
  helpScoutMailbox,
  heyreach,
  highLevelStandard,
  highLevelWhiteLabel,
  hightouch,
  hive,
  housecallPro,
  hubspot,
  hunter,
  insightly,
  instagram,
  instantly,
  instantlyAI,
  intercom,
  ironclad,
  ironcladDemo,
  ironcladEU,
  iterable,
  jobber,
  joinMe,
  jotform,
  jump,
  justCall,
  kaseyaVSAX,
  keap,
  kit,
  klaviyo,
  lemlist,
  lever,
  leverSandbox,
  linear,
  linkedIn,
  livestorm,
  loxo,
  mailgun,
  marketo,
  maxio,
  meta,
  microsoft,
  microsoftAdminConsent,
  miro,
  mixmax,
  mixpanel,
  monaco,
  monday,
  mural,
  netsuite,
  netsuiteM2M,
  notion,
  nutshell,
  odoo,
  okta,
  openAI,
  outplay,
  outreach,
  paddle,
  paddleSandbox,
  payPal,
  payPalSandBox,
  phoneBurner,
  pinterest,
  pipedrive,
  pipeliner,
  podium,
  procore,
  procoreSandbox,
  productBoard,
  pylon,
  quickbooks,
  quickbooksSandbox,
  ramp,
  rampDemo,
  rebilly,
  recurly,
  redditAds,
  redtail,
  reply,
  revenueCat,
  ringCentral,
  ringOverEU,
  ringOverUS,
  sageIntacct,
  salesfinity,
  salesflare,
  salesforce,
  salesforceJWT,
  salesforceMarketing,
  salesloft,
  segment,
  seismic,
  sellsy,
  sendGrid,
  serviceNow,
  serviceNowPKCE,
  shopify,
  slack,
  smartlead,
  smartsheet,
  snapchatAds,
  snowflake,
  solarWindsServiceDesk,
  square,
  squareSandbox,
  stackExchange,
  stripe,
  sugarCRM,
  superSend,
  surveyMonkey,
  talkdesk,
  teamleader,
  teamwork,
  timely,
  tipalti,
  typeform,
  vtiger,
  wealthbox,
  webex,
  webflow,
  whereby,
  wordPress,
  workday,
  wrike,
  xero,
  zendeskChat,
  zendeskSupport,
  zoho,
  zoom,
  zoomInfo,
  zuora,
];
