package io.signalbox.server.enrolment;

import org.jspecify.annotations.Nullable;

/** A request that is refused, with the HTTP status and words for whoever made it. */
final class EnrolmentException extends Exception {
  private final int status;
  private final @Nullable String newDevice;

  EnrolmentException(int status, String message) {
    this(status, message, null);
  }

  private EnrolmentException(int status, String message, @Nullable String newDevice) {
    super(message, null, false, false);
    this.status = status;
    this.newDevice = newDevice;
  }

  /** The same refusal, of a request for which a device was registered before. */
  EnrolmentException ofNewDevice(String id) {
    return new EnrolmentException(status, String.valueOf(getMessage()), id);
  }

  int status() {
    return status;
  }

  /** What came of the request all the same; null: nothing. */
  @Nullable String newDevice() {
    return newDevice;
  }
}
