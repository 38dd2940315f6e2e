package io.signalbox.server.config;

import io.signalbox.server.config.AuthConfig.Algorithm;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A JSON Web Key Set (RFC 7517) with an issuer's keys. Exactly one of the two places is set.
 *
 * @param url fetched when the first token comes and again as below
 * @param file read at start
 * @param algorithms the only ones its keys are good for; not empty, no HMAC
 * @param refresh 10 s..1 d after which the address is asked again
 * @param pause 1 s..1 h at least between two questions, however many unknown keys tokens name
 */
public record JwksConfig(
    @Nullable URI url,
    @Nullable Path file,
    Set<Algorithm> algorithms,
    Duration refresh,
    Duration pause) {

  static final Range REFRESH = Range.seconds("auth.jwt.issuers.jwks-refresh-seconds", 10, 86_400);
  static final Range PAUSE = Range.seconds("auth.jwt.issuers.jwks-pause-seconds", 1, 3_600);

  private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

  public JwksConfig {
    algorithms = Set.copyOf(algorithms);
    REFRESH.check(refresh);
    PAUSE.check(pause);
    if ((url == null) == (file == null)) {
      throw new IllegalArgumentException(
          "auth.jwt.issuers.jwks-url: goes with jwks-file only one at a time; remove one");
    }
    if (url != null && url.getScheme().equals("http") && !LOOPBACK.contains(url.getHost())) {
      throw new IllegalArgumentException(
          "auth.jwt.issuers.jwks-url: whoever can change what comes over http can sign tokens;"
              + " use https (http is for this machine only)");
    }
    if (algorithms.isEmpty() || algorithms.stream().anyMatch(Algorithm::isHmac)) {
      throw new IllegalArgumentException(
          "auth.jwt.issuers.algorithms: name the algorithms of this key set's tokens, such as"
              + " [ES256]; a secret cannot be among them");
    }
  }

  /** Null if the issuer has no key set. */
  static @Nullable JwksConfig read(Section issuer) {
    URI url = issuer.address("jwks-url");
    Path file = issuer.file("jwks-file");
    Set<Algorithm> algorithms =
        Set.copyOf(issuer.choices("algorithms", Algorithm.class, List.of()));
    Duration refresh = issuer.duration(REFRESH, Duration.ofMinutes(5));
    Duration pause = issuer.duration(PAUSE, Duration.ofSeconds(10));
    return url == null && file == null
        ? null
        : new JwksConfig(url, file, algorithms, refresh, pause);
  }
}
