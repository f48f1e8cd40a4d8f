// Checks Kubernetes objects against the schemas of the API (1.33, of the npm
// package kubernetes-models) and, which those do not do, for fields that the API
// does not have.
//
// Reads a JSON array of objects on standard input, and writes a JSON array with
// a list of complaints for each.
'use strict';

const fs = require('fs');
const path = require('path');
const Ajv = require('ajv').default;

const schemas =
    path.join(path.dirname(require.resolve('kubernetes-models')), '_schemas');

// Custom resources, which kubernetes-models does not have.
const ownSchemas = {
  'monitoring.coreos.com/v1 ServiceMonitor': 'service_monitor.schema.json',
};

// "networking.k8s.io/v1" and "NetworkPolicy" are IoK8sApiNetworkingV1NetworkPolicy.
function validatorOf({apiVersion, kind}) {
  const own = ownSchemas[`${apiVersion} ${kind}`];
  if (own) {
    const schema = JSON.parse(fs.readFileSync(path.join(__dirname, own), 'utf8'));
    return new Ajv({allErrors: true}).compile(schema);
  }
  const parts = String(apiVersion).split('/');
  const version = parts.pop();
  const group = (parts.pop() || 'core').replace(/\.k8s\.io$/, '');
  const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);
  const name = `IoK8sApi${capital(group)}${capital(version)}${kind}`;
  const file = path.join(schemas, `${name}.js`);
  return /^\w+$/.test(name) && fs.existsSync(file) ? require(file).validate : null;
}

// The validators are code: they look at every property that the schema has, and
// at no other. So what was never looked at is in no schema. Returns the object
// in a wrapper, and a function that tells what of it was not looked at.
function watched(object) {
  const wrappers = new Map();
  const seen = new Map();
  function wrap(value) {
    if (value === null || typeof value !== 'object') return value;
    if (!wrappers.has(value)) {
      const keys = new Set();
      seen.set(value, keys);
      wrappers.set(value, new Proxy(value, {
        get(target, key) {
          keys.add(key);
          return wrap(target[key]);
        },
      }));
    }
    return wrappers.get(value);
  }
  function unseen(value, place, found) {
    if (value === null || typeof value !== 'object' || !seen.has(value)) return;
    for (const key of Object.keys(value)) {
      const where = `${place}/${key}`;
      if (seen.get(value).has(key)) {
        unseen(value[key], where, found);
      } else {
        found.push(`${where} is not a field of the API`);
      }
    }
  }
  return {
    wrapped: wrap(object),
    unseen() {
      const found = [];
      unseen(object, '', found);
      return found;
    },
  };
}

function complaints(object) {
  // Of these the package has some that were taken away long ago.
  if (/v\d+(alpha|beta)\d+$/.test(object.apiVersion)) {
    return [`${object.apiVersion} is no version to build on`];
  }
  const validate = validatorOf(object);
  if (!validate) {
    return [`the API has no ${object.kind} in ${object.apiVersion}`];
  }
  const {wrapped, unseen} = watched(object);
  const found = [];
  if (!validate(wrapped)) {
    for (const error of validate.errors) {
      found.push(`${error.instancePath || '/'} breaks "${error.keyword}": ` +
                 JSON.stringify(error.params));
    }
  }
  return found.concat(unseen());
}

const objects = JSON.parse(fs.readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(objects.map(complaints)));
