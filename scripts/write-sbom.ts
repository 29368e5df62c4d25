// `npm run --silent sbom > FILE`: the software bill of materials of the image, for a release.
import { imageSbom } from './sbom.ts';

console.log(JSON.stringify(imageSbom(), null, 2));
