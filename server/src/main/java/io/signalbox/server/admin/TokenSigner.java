package io.signalbox.server.admin;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Signs tokens with the broker's own key. Implemented where tokens are made. */
public interface TokenSigner {
  /**
   * A token, and what may be told of it.
   *
   * @param token in compact form; a secret
   * @param id the claim {@code jti}, by which it is revoked
   */
  record Signed(String token, String id) {
    /** Never the token. */
    @Override
    public String toString() {
      return "token " + id;
    }
  }

  /**
   * A token with which a client connects, or a program calls the API.
   *
   * @throws IllegalArgumentException with words for people: it would be too long to be accepted
   */
  Signed access(String subject, List<String> groups, Duration lifetime);

  /**
   * A token with which a device enrols; exactly one of the two is given.
   *
   * @param device its id
   * @param template of whatever device
   * @param createdAtMillis of that device or template
   */
  Signed enrolment(
      @Nullable String device, @Nullable String template, long createdAtMillis, Duration lifetime);
}
