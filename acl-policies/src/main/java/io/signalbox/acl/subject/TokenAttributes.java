package io.signalbox.acl.subject;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What policies see of a verified JSON Web Token. An empty text or list: the token does not say.
 *
 * @param issuer configured name of the issuer whose key verified the token; never the claim itself
 * @param claims all claims as decoded JSON: maps, lists, strings, numbers, booleans
 * @param aclClaim what the issuer's configuration says about a claim named {@code acl}
 */
public record TokenAttributes(
    String issuer,
    String sub,
    List<String> aud,
    Map<String, ? extends @Nullable Object> claims,
    AclClaim aclClaim) {
  /** What a claim named {@code acl} does. */
  public enum AclClaim {
    /** Only takes away: the policies and the claim must both allow. */
    NARROW,
    /** Counts as one more policy. */
    GRANT
  }

  public TokenAttributes {
    aud = List.copyOf(aud);
    claims = Collections.unmodifiableMap(new LinkedHashMap<>(claims));
  }

  public TokenAttributes(String issuer, String sub) {
    this(issuer, sub, List.of(), Map.of(), AclClaim.NARROW);
  }
}
