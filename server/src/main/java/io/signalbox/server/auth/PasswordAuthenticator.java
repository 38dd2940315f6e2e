package io.signalbox.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.scram.SaslPrep;
import io.signalbox.server.scram.ScramException;
import io.signalbox.server.scram.ScramVerifier;
import io.signalbox.server.scram.TokenForm;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import org.jspecify.annotations.Nullable;

/**
 * User Name and Password of CONNECT against the {@link Users}. {@link #verify} takes as long as the
 * user's iterations say, and as long for a user that is not there: a worker's thread only.
 */
final class PasswordAuthenticator {
  private final Users users;

  PasswordAuthenticator(Users users) {
    this.users = users;
  }

  /**
   * Whether the Password of CONNECT is a user's password, and not a token. A token is told by its
   * form, which no password of a user has, because it is refused where passwords are set.
   */
  boolean takes(@Nullable String userName, byte[] password) {
    return userName != null && !userName.isEmpty() && !TokenForm.isIn(password) && users.any();
  }

  Principal verify(String userName, byte[] password) throws CredentialException {
    String name = prepared(userName);
    ScramVerifier verifier = users.verifier(name);
    Principal principal =
        verifier.isOf(text(password)) ? users.principal(name, verifier, AuthMethod.PASSWORD) : null;
    if (principal == null) {
      throw CredentialException.ofToken(
              AuthFailure.PASSWORD, "no user " + LogText.quote(userName) + " with this password")
          .ofGuess();
    }
    return principal;
  }

  /** A name that cannot be prepared is nobody's, and costs the same. */
  private static String prepared(String userName) {
    try {
      return SaslPrep.prepare(userName);
    } catch (ScramException _) {
      return userName;
    }
  }

  /** Bytes that are not UTF-8 are nobody's password, and cost the same. */
  private static String text(byte[] password) {
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(password)).toString();
    } catch (CharacterCodingException _) {
      return "?";
    }
  }
}
