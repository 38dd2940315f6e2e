package io.signalbox.server.principal;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a verified JSON Web Token said (RFC 7519 section 4).
 *
 * @param issuer the name under which the issuer is configured here
 * @param tokenId the {@code jti} claim, empty if there is none
 * @param claims every claim by name: strings, numbers, booleans, lists and maps; never modified
 * @param expiresAtMillis {@code exp} in milliseconds since 1970; the connection ends then
 * @param verifiedAtMillis when it was found good, in milliseconds since 1970
 * @param aclGrants whether its {@code acl} claim grants more than the policies do; else it only
 *     narrows
 * @param signedBy the token is good as long as it is; null of a client that is only remembered,
 *     such as by its will, which no key has to vouch for any more
 */
public record TokenClaims(
    String issuer,
    String subject,
    List<String> audiences,
    String tokenId,
    Map<String, Object> claims,
    long expiresAtMillis,
    long verifiedAtMillis,
    boolean aclGrants,
    @Nullable SigningKey signedBy) {
  public TokenClaims {
    audiences = List.copyOf(audiences);
    claims = Map.copyOf(claims);
  }

  /** The same token, of an issuer whose {@code acl} claims grant, or do not. */
  public TokenClaims withAclGrants(boolean other) {
    return new TokenClaims(
        issuer,
        subject,
        audiences,
        tokenId,
        claims,
        expiresAtMillis,
        verifiedAtMillis,
        other,
        signedBy);
  }
}
