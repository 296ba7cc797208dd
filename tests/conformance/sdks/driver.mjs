// Alipay's own SDK for Node, npm alipay-sdk, in a process of its own. Its first argument is where it is installed.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parse } from 'node:querystring';
import { createInterface } from 'node:readline';

const home = process.argv[2];
const require = createRequire(join(home, 'package.json'));
const { AlipaySdk } = require('alipay-sdk');
// Not exported: what signs any text.
const { signatureV3 } = require(join(home, 'node_modules', 'alipay-sdk', 'dist', 'commonjs', 'util.js'));

const APP_ID = '2014060600164699';
const sdk = (config) => new AlipaySdk({ appId: APP_ID, keyType: 'PKCS8', ...config });

// What Express's urlencoded() gives: UTF-8, a name that is there twice becomes a list.
const formObject = (form) => ({ ...parse(form, '&', '=', { maxKeys: 0 }) });

const calls = {
  // raw: checkNotifySignV2 in place of checkNotifySign
  verify({ form, config, raw = false }) {
    const parameters = formObject(form);
    const verified = raw ? sdk(config).checkNotifySignV2(parameters) : sdk(config).checkNotifySign(parameters);
    return { verified, parameters };
  },
  sign: ({ method, parameters, config }) =>
    sdk(config).sdkExecute(method, parameters, { bizContentAutoSnakeCase: false }),
  signText: ({ text, config }) => signatureV3(text, sdk(config).config.privateKey),
  decrypt: ({ content, config }) => sdk(config).aesDecrypt(content),
  certSn: ({ config }) => sdk(config).config.alipayCertSn,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { call, arguments: given } = JSON.parse(line);
  let reply;
  try {
    reply = { returned: calls[call](given) };
  } catch (error) {
    reply = { raised: `${error.name}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
