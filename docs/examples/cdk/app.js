// A service and its route in an application that is there already, on AWS or in a `refactor` of one's own:
//
//     npm ci && eval "$(banyan env)"
//     npx cdk deploy -c environment=env-… -c application=app-… -c url=http://127.0.0.1:3001 [-c state=INACTIVE]
//
// BootstraplessSynthesizer needs no bootstrap stack, no bucket and no roles.
import { App, BootstraplessSynthesizer, CfnOutput, Stack, aws_refactorspaces as spaces } from 'aws-cdk-lib';

class UsersRoute extends Stack {
  constructor(scope, id, { environment, application, url, state, ...props }) {
    super(scope, id, props);
    const place = { environmentIdentifier: environment, applicationIdentifier: application };
    const service = new spaces.CfnService(this, 'Users', {
      ...place,
      name: 'users',
      endpointType: 'URL',
      urlEndpoint: { url: `${url}/api` },
    });
    new spaces.CfnRoute(this, 'UsersRoute', {
      ...place,
      serviceIdentifier: service.attrServiceIdentifier,
      routeType: 'URI_PATH',
      uriPathRoute: { activationState: state, sourcePath: '/users', includeChildPaths: true, appendSourcePath: true },
    });
    new CfnOutput(this, 'ServiceId', { value: service.attrServiceIdentifier });
  }
}

const app = new App();
const given = (name, otherwise) => {
  const value = app.node.tryGetContext(name) ?? otherwise;
  if (!value) throw new Error(`say -c ${name}=…`);
  return value;
};
new UsersRoute(app, 'users-route', {
  synthesizer: new BootstraplessSynthesizer(),
  environment: given('environment'),
  application: given('application'),
  url: given('url'),
  state: given('state', 'ACTIVE'),
});
