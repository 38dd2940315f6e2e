package io.signalbox.server.auth;

import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.packet.ReasonCode;

/**
 * A credential that is not accepted. Never leaves this package: callers get {@link
 * Authentication.Rejected}. Without a stack trace, because anybody can cause one.
 */
final class CredentialException extends Exception {
  private final AuthFailure failure;
  private final ReasonCode reason;
  private final boolean isGuess;

  private CredentialException(AuthFailure failure, ReasonCode reason, String problem) {
    this(failure, reason, problem, false);
  }

  private CredentialException(
      AuthFailure failure, ReasonCode reason, String problem, boolean isGuess) {
    super(problem, null, false, false);
    this.failure = failure;
    this.reason = reason;
    this.isGuess = isGuess;
  }

  /** The same, of what may have been tried out: a wrong password or signature. */
  CredentialException ofGuess() {
    return new CredentialException(failure, reason, String.valueOf(getMessage()), true);
  }

  /** A token or password, or what stands in its place. */
  static CredentialException ofToken(AuthFailure failure, String problem) {
    return new CredentialException(failure, ReasonCode.BAD_USER_NAME_OR_PASSWORD, problem);
  }

  /** What was said in an exchange of AUTH packets, where there is no password to be wrong. */
  static CredentialException ofExchange(AuthFailure failure, String problem) {
    return new CredentialException(failure, ReasonCode.NOT_AUTHORIZED, problem);
  }

  static CredentialException ofCertificate(AuthFailure failure, String problem) {
    return new CredentialException(failure, ReasonCode.NOT_AUTHORIZED, problem);
  }

  static CredentialException missing(String problem) {
    return new CredentialException(AuthFailure.NO_CREDENTIALS, ReasonCode.NOT_AUTHORIZED, problem);
  }

  AuthFailure failure() {
    return failure;
  }

  Authentication.Rejected toRejected() {
    String problem = getMessage();
    return new Authentication.Rejected(
        reason, problem == null ? failure.toString() : problem, isGuess);
  }
}
