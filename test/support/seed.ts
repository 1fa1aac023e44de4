import fc from 'fast-check';
import { SEED } from './size.ts';

// A failed property prints its seed. With HEADROOM_SEED set to it, all properties run with that seed again.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED });
