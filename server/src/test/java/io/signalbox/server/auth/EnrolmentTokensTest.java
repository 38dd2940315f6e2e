package io.signalbox.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.auth.EnrolmentTokens.Invitation;
import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.trust.Fetcher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EnrolmentTokensTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  @TempDir Path folder;

  private final ManualClocks clocks = new ManualClocks();
  private final Metrics metrics = new Metrics(1, "test");
  private final Fetcher fetcher = new Fetcher(metrics);
  private Path revoked;
  private AuthenticatorChain chain;
  private EnrolmentTokens tokens;
  private TokenIssuer issuer;

  @BeforeEach
  void open() throws Exception {
    revoked = Files.createFile(folder.resolve("revoked.txt"));
    AuthConfig.Jwt d = AuthConfig.DEFAULTS.jwt();
    var jwt =
        new AuthConfig.Jwt(
            List.of(), d.clockSkew(), d.lifetimeMax(), null, "groups", 10, revoked, true);
    var config = new AuthConfig(jwt, null, 10, 10);
    chain =
        AuthenticatorChain.of(
            config,
            folder,
            () -> {
              throw new IllegalStateException("no certificate is shown");
            },
            fetcher,
            null,
            null,
            Runnable::run,
            clocks,
            RANDOM,
            metrics);
    tokens = EnrolmentTokens.of(config, folder, chain, clocks, RANDOM);
    issuer = TokenIssuer.openOrCreate(folder, clocks, RANDOM);
  }

  @AfterEach
  void close() {
    fetcher.close();
  }

  @Test
  void saysForWhichOfItsNameATokenIs() {
    var pump = (Invitation.OfDevice) read(issuer.issueEnrolment("p7", 1_700, Duration.ofHours(1)));
    assertEquals("p7", pump.id());
    assertEquals(1_700, pump.createdAtMillis());
    assertEquals(
        new Invitation.OfTemplate("line", 1_234_567_890_123L),
        read(issuer.issueTemplateEnrolment("line", 1_234_567_890_123L, Duration.ofHours(1))));
  }

  private Invitation read(String token) {
    return tokens.read(token).orElseThrow();
  }

  @Test
  void aTokenIsRevokedAsThoseOfClientsAre() throws Exception {
    String lost = issuer.issueEnrolment("p7", 1, Duration.ofHours(1));
    String other = issuer.issueEnrolment("p7", 1, Duration.ofHours(1));
    String byTemplate = issuer.issueTemplateEnrolment("line", 1, Duration.ofHours(1));
    read(lost);
    Files.writeString(revoked, "local " + id(lost) + "\nlocal " + id(byTemplate) + "\n");
    assertTrue(chain.refresh());
    assertEquals(Optional.empty(), tokens.read(lost));
    assertEquals(Optional.empty(), tokens.read(byTemplate));
    read(other);
  }

  private static Object id(String token) throws CredentialException {
    return CompactToken.parse(token.getBytes(UTF_8)).claims().getOrDefault("jti", "");
  }
}
