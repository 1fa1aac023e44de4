import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { HeadroomError } from '../errors.ts';

/** Identity that may push with a token signed by Google: a service account, and the audience that its subscription names. */
interface PushIdentity {
  email: string;
  audience: string;
}

/** Google's keys, cached. An unknown key causes a new lookup at most every 30 s; a lookup fails after 5 s. */
const GOOGLE_KEYS = createRemoteJWKSet(new URL('https://www.googleapis.com/oauth2/v3/certs'), {
  timeoutDuration: 5000,
  cooldownDuration: 30_000,
});

const ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];

/** Codes of errors of the server with the keys, not of the token. */
const NO_KEYS: readonly string[] = ['ERR_JWKS_TIMEOUT', 'ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID'];

export function looksLikeIdentityToken(token: string): boolean {
  return /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(token) && token.length < 8000;
}

/**
 * Tells whether Google has signed this token for an identity: checks signature, issuer, audience, time and verified address.
 * Throws `overloaded` if Google's keys cannot be read: the sender retries.
 * Source: https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions.
 */
export async function isIdentityOf(
  token: string,
  { email, audience }: PushIdentity,
  nowMs: number,
  keys: JWTVerifyGetKey = GOOGLE_KEYS,
): Promise<boolean> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: ISSUERS,
      audience,
      algorithms: ['RS256'],
      requiredClaims: ['exp'],
      clockTolerance: 60,
      currentDate: new Date(nowMs),
    });
    return payload.email === email && payload.email_verified === true;
  } catch (error) {
    if (error instanceof errors.JOSEError && !NO_KEYS.includes(error.code)) return false;
    const message = `Google's keys cannot be looked up right now (${(error as Error).message}); send the request again.`;
    throw new HeadroomError('overloaded', message, { cause: error });
  }
}
