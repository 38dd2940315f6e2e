package io.signalbox.server.registry;

import com.google.gson.JsonObject;
import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Somebody with a password.
 *
 * @param groups what a token would claim; they need not be registered
 */
public record User(
    String name,
    ScramVerifier verifier,
    List<String> groups,
    boolean enabled,
    long passwordChangedAtMillis,
    Stamp stamp)
    implements Entry<User> {

  /** About 10 ms of CPU for a login; more than RFC 7677 asks for. */
  static final int ITERATIONS = 20_000;

  private static final int PASSWORD_CHARS_MIN = 8;
  private static final int PASSWORD_CHARS_MAX = 1_024;
  private static final SecureRandom RANDOM = new SecureRandom();

  static User read(String name, Fields in, @Nullable User earlier, Stamp stamp) {
    in.ignore("name", "passwordChangedAt");
    ScramVerifier verifier;
    long changedAt;
    if (in.isRow()) {
      verifier = ScramVerifier.read(in.part("verifier"));
      changedAt = in.number("passwordChangedAtMillis", 0, 0, Long.MAX_VALUE);
    } else {
      String password = in.optional("password", PASSWORD_CHARS_MAX);
      if (password == null && earlier == null) {
        in.problem("password", "must be given for a new user");
      }
      if (password != null && password.length() < PASSWORD_CHARS_MIN) {
        in.problem("password", "must have at least " + PASSWORD_CHARS_MIN + " characters");
      }
      if (earlier != null && (password == null || earlier.verifier.isPassword(password))) {
        verifier = earlier.verifier;
        changedAt = earlier.passwordChangedAtMillis;
      } else {
        verifier = ScramVerifier.of(password == null ? "" : password, ITERATIONS, RANDOM);
        changedAt = CHANGED_NOW;
      }
    }
    return new User(
        name, verifier, in.names("groups", 1_024), in.flag("enabled", true), changedAt, stamp);
  }

  /** Replaced by the time at which the entry is stored. */
  private static final long CHANGED_NOW = -1;

  @Override
  public Kind<User> kind() {
    return Kind.USER;
  }

  @Override
  public User withStamp(Stamp other) {
    long changedAt =
        passwordChangedAtMillis == CHANGED_NOW ? other.updatedAtMillis() : passwordChangedAtMillis;
    return new User(name, verifier, groups, enabled, changedAt, other);
  }

  @Override
  public void write(JsonObject out) {
    out.add("groups", JsonOut.list(groups));
    out.addProperty("enabled", enabled);
    if (passwordChangedAtMillis > 0) {
      out.addProperty("passwordChangedAt", Fields.time(passwordChangedAtMillis));
    }
  }

  @Override
  public void writeHidden(JsonObject out) {
    out.add("verifier", verifier.toJson());
    out.addProperty("passwordChangedAtMillis", passwordChangedAtMillis);
  }
}
