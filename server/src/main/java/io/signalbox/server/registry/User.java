package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import io.signalbox.server.scram.ScramException;
import io.signalbox.server.scram.ScramVerifier;
import io.signalbox.server.scram.TokenForm;
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

  private static final int PASSWORD_CHARS_MIN = 8;
  private static final int VERIFIER_CHARS_MAX = 256;
  private static final SecureRandom RANDOM = new SecureRandom();

  static User read(String name, Fields in, @Nullable User earlier, Stamp stamp) {
    in.ignore("name", "passwordChangedAt");
    ScramVerifier verifier;
    long changedAt;
    if (in.isRow()) {
      verifier = ScramVerifier.parse(in.required("verifier", VERIFIER_CHARS_MAX));
      changedAt = in.number("passwordChangedAtMillis", 0, 0, Long.MAX_VALUE);
    } else {
      String password = in.optional("password", ScramVerifier.PASSWORD_CHARS_MAX);
      if (password == null && earlier == null) {
        in.problem("password", "must be given for a new user");
      }
      if (password != null && password.length() < PASSWORD_CHARS_MIN) {
        in.problem("password", "must have at least " + PASSWORD_CHARS_MIN + " characters");
      }
      if (earlier != null && (password == null || earlier.verifier.isOf(password))) {
        verifier = earlier.verifier;
        changedAt = earlier.passwordChangedAtMillis;
      } else {
        verifier = verifier(name, password, in);
        changedAt = CHANGED_NOW;
      }
    }
    return new User(
        name, verifier, in.names("groups", 1_024), in.flag("enabled", true), changedAt, stamp);
  }

  /** One that no password has, if the password cannot be one: then nothing is stored. */
  private static ScramVerifier verifier(String name, @Nullable String password, Fields in) {
    if (password != null && TokenForm.isIn(password.getBytes(UTF_8))) {
      in.problem("password", "has the form of a token, and could not be told from one");
    } else if (password != null
        && password.length() >= PASSWORD_CHARS_MIN
        && password.length() <= ScramVerifier.PASSWORD_CHARS_MAX) {
      try {
        return ScramVerifier.of(password, RANDOM);
      } catch (ScramException e) {
        in.problem("password", "is " + e.problem());
      }
    }
    return ScramVerifier.ofNobody(name, new byte[1], ScramVerifier.ITERATIONS_DEFAULT);
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
  public boolean isWithdrawnSince(User earlier) {
    return earlier.enabled && !enabled;
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
    out.addProperty("verifier", verifier.text());
    out.addProperty("passwordChangedAtMillis", passwordChangedAtMillis);
  }
}
