package io.signalbox.server.auth;

import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.principal.LogText;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The issuers whose tokens are accepted, with their keys. Immutable; any thread. */
final class TokenTrust {
  /**
   * Somebody who signs tokens.
   *
   * @param name under which policies know it
   */
  record Issuer(String name, Set<String> audiences, List<TokenKey> keys) {
    Issuer {
      audiences = Set.copyOf(audiences);
      keys = List.copyOf(keys);
    }
  }

  /** By the exact value of the claim {@code iss}. */
  private final Map<String, Issuer> issuers;

  private TokenTrust(Map<String, Issuer> issuers) {
    this.issuers = Map.copyOf(issuers);
  }

  /**
   * @param local the key of the data directory's own tokens; null if they are not accepted
   * @throws AuthSetupException naming every key that cannot be used
   */
  static TokenTrust of(AuthConfig.Jwt config, @Nullable LocalTokenKey local)
      throws AuthSetupException {
    Map<String, Issuer> issuers = new HashMap<>();
    List<String> problems = new ArrayList<>();
    for (AuthConfig.Issuer configured : config.issuers()) {
      List<TokenKey> keys = new ArrayList<>();
      for (AuthConfig.Key key : configured.keys()) {
        try {
          keys.add(TokenKey.of(key));
        } catch (IllegalArgumentException e) {
          String which = key.id() == null ? "without id" : "\"" + key.id() + "\"";
          problems.add(
              "auth.jwt.issuers: key %s of issuer \"%s\" %s"
                  .formatted(which, configured.name(), e.getMessage()));
        }
      }
      issuers.put(
          configured.issuer(),
          new Issuer(configured.name(), Set.copyOf(configured.audiences()), keys));
    }
    if (local != null) {
      Issuer own =
          new Issuer(
              LocalTokenKey.ISSUER_NAME,
              Set.of(LocalTokenKey.AUDIENCE),
              List.of(local.toTokenKey()));
      if (issuers.put(LocalTokenKey.ISSUER, own) != null) {
        problems.add(
            "auth.jwt.issuers: the issuer \""
                + LocalTokenKey.ISSUER
                + "\" is this broker's own; choose another value for iss");
      }
    }
    if (!problems.isEmpty()) {
      throw new AuthSetupException(problems);
    }
    return new TokenTrust(issuers);
  }

  /** The issuer that a token names, without belief in it. */
  Issuer issuerOf(CompactToken token) throws CredentialException {
    if (!(token.claims().get("iss") instanceof String value)) {
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_ISSUER, "token without the claim \"iss\"");
    }
    Issuer issuer = issuers.get(value);
    if (issuer == null) {
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_ISSUER,
          "token of the issuer " + LogText.quote(value) + ", which is not configured");
    }
    return issuer;
  }

  /** Refuses a token that none of the issuer's keys has signed with its own algorithm. */
  static void checkSignature(CompactToken token, Issuer issuer) throws CredentialException {
    boolean keyIsKnown = false;
    boolean algorithmFits = false;
    for (TokenKey key : issuer.keys()) {
      if (!Objects.equals(key.id(), token.keyId())) {
        continue;
      }
      keyIsKnown = true;
      if (!key.algorithm().equals(token.algorithm())) {
        continue; // also "none", which is no key's
      }
      algorithmFits = true;
      if (key.hasSigned(token)) {
        return;
      }
    }
    String keyId = token.keyId();
    String which = keyId == null ? "a key without id" : "the key " + LogText.quote(keyId);
    String of = " of issuer \"" + issuer.name() + "\"";
    if (!keyIsKnown) {
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_SIGNATURE, "token signed with " + which + of + ", which is unknown");
    }
    if (!algorithmFits) {
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_ALGORITHM,
          "token with the algorithm "
              + LogText.quote(token.algorithm())
              + ", but "
              + which
              + of
              + " is for another one");
    }
    throw CredentialException.ofToken(
        AuthFailure.TOKEN_SIGNATURE, "token whose signature is not by " + which + of);
  }
}
