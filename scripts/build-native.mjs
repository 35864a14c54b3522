// The native step of `npm run build`: the addon for the Node that runs this, and the darkroom.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { architectures, buildAddon, buildDarkroom, fail, supported } from './native.mjs';

const candidates = [
  process.env.AFTERIMAGE_NODE_HEADERS,
  path.join(path.dirname(process.execPath), '../include/node'),
  process.env.npm_config_nodedir && path.join(process.env.npm_config_nodedir, 'include/node'),
  '/usr/include/node',
].filter((directory) => directory && existsSync(path.join(directory, 'node.h')));

if (!supported) {
  console.log(
    `no native part for ${process.platform}-${process.arch}: image capture works on Linux on ${architectures.join(' and ')}`,
  );
} else {
  const include = candidates[0];
  if (!include)
    fail(
      `no headers of Node ${process.version} found (they come with Node's own archive, or with Debian's libnode-dev). ` +
        `Set AFTERIMAGE_NODE_HEADERS to the folder that holds node.h; npm's package node-linux-${process.arch}@${process.versions.node} has one.`,
    );
  buildAddon(include);
  buildDarkroom();
}
