package io.signalbox.server.enrolment;

import io.undertow.util.StatusCodes;
import org.jspecify.annotations.Nullable;

/** A request that is refused, with the HTTP status and words for whoever made it. */
final class EnrolmentException extends Exception {
  private final int status;
  private final @Nullable String newDevice;
  private final boolean isInterrupt;

  EnrolmentException(int status, String message) {
    this(status, message, null, false);
  }

  private EnrolmentException(
      int status, String message, @Nullable String newDevice, boolean isInterrupt) {
    super(message, null, false, false);
    this.status = status;
    this.newDevice = newDevice;
    this.isInterrupt = isInterrupt;
  }

  /** The thread was interrupted once a device was registered, and is not marked as such yet. */
  static EnrolmentException interrupted(String newDevice) {
    return new EnrolmentException(
        StatusCodes.SERVICE_UNAVAILABLE, "the broker is stopping", newDevice, true);
  }

  /** The same refusal, of a request for which a device was registered before. */
  EnrolmentException ofNewDevice(String id) {
    return new EnrolmentException(status, String.valueOf(getMessage()), id, isInterrupt);
  }

  int status() {
    return status;
  }

  /** Whether the thread is to be marked as interrupted, once it has waited for nothing more. */
  boolean isInterrupt() {
    return isInterrupt;
  }

  /** What came of the request all the same; null: nothing. */
  @Nullable String newDevice() {
    return newDevice;
  }
}
