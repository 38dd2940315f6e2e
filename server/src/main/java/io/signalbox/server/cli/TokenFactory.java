package io.signalbox.server.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Signs tokens with the key of a data directory, which it makes if there is none. */
@FunctionalInterface
public interface TokenFactory {
  /**
   * @param token a compact JWT
   * @param id its claim {@code jti}
   */
  record Issued(String token, String id) {}

  /**
   * @param subject who the token is for
   * @param lifetime from now; positive
   * @throws CommandFailure if the key cannot be read or made
   */
  Issued issue(Path dataDirectory, String subject, List<String> groups, Duration lifetime)
      throws CommandFailure;
}
