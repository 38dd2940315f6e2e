package io.signalbox.server.auth;

import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.principal.TokenClaims;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the tokens of {@link TokenIssuer#issueEnrolment} and its like. Checks a signature: not on
 * an I/O thread.
 */
public final class EnrolmentTokens {
  private static final Logger LOG = System.getLogger(EnrolmentTokens.class.getName());

  private final @Nullable JwtAuthenticator tokens;

  /** What a token is good for. */
  public sealed interface Invitation {
    /**
     * The enrolment of one device.
     *
     * @param tokenId tells the token from others for the device
     * @param createdAtMillis of the device, which another one of its name does not have; null: the
     *     token is of an older version, which did not say
     */
    record OfDevice(String id, String tokenId, @Nullable Long createdAtMillis)
        implements Invitation {}

    /**
     * The enrolment of devices by a template.
     *
     * @param createdAtMillis as of a device
     */
    record OfTemplate(String name, @Nullable Long createdAtMillis) implements Invitation {}
  }

  private EnrolmentTokens(@Nullable JwtAuthenticator tokens) {
    this.tokens = tokens;
  }

  /**
   * Those signed with the data directory's own key; none if the configuration does without it.
   *
   * @param chain knows which tokens are void before their end
   */
  public static EnrolmentTokens of(
      AuthConfig config,
      Path dataDirectory,
      AuthenticatorChain chain,
      Clocks clocks,
      SecureRandom random)
      throws AuthSetupException {
    if (!config.jwt().localIssuer()) {
      return new EnrolmentTokens(null);
    }
    LocalTokenKey key = LocalTokenKey.openOrCreate(dataDirectory, random);
    TokenTrust trust = TokenTrust.ofEnrolment(config.jwt(), key, clocks);
    return new EnrolmentTokens(
        new JwtAuthenticator(config.jwt(), trust, chain.revokedTokens(), clocks));
  }

  /** Empty if it is no good one; why is logged. */
  public Optional<Invitation> read(String token) {
    if (tokens == null) {
      return Optional.empty();
    }
    try {
      TokenClaims claims = tokens.verify(token.getBytes(StandardCharsets.UTF_8)).token();
      if (claims != null && "device".equals(claims.claims().get("use"))) {
        return Optional.of(
            new Invitation.OfDevice(claims.subject(), claims.tokenId(), createdAtMillis(claims)));
      }
      if (claims != null && "template".equals(claims.claims().get("use"))) {
        return Optional.of(new Invitation.OfTemplate(claims.subject(), createdAtMillis(claims)));
      }
    } catch (CredentialException e) {
      LOG.log(Level.WARNING, "an enrolment token is not accepted: {0}", e.getMessage());
    }
    return Optional.empty();
  }

  private static @Nullable Long createdAtMillis(TokenClaims claims) {
    return claims.claims().get(TokenIssuer.CREATED) instanceof Long millis ? millis : null;
  }
}
