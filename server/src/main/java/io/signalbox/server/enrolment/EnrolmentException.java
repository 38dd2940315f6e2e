package io.signalbox.server.enrolment;

/** A request that is refused, with the HTTP status and words for whoever made it. */
final class EnrolmentException extends Exception {
  private final int status;

  EnrolmentException(int status, String message) {
    super(message, null, false, false);
    this.status = status;
  }

  int status() {
    return status;
  }
}
