package io.signalbox.server.enrolment;

import io.signalbox.server.registry.DeviceCertificate;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** Writes down what devices obtain for themselves. Worker threads; may wait for the disk. */
public interface EnrolmentAudit {
  /** Why nothing may be issued now, for people; null if it may. */
  @Nullable String obstacle();

  /**
   * Returns when it is on disk.
   *
   * @param actor who asked: a device, claim token or enrolment token
   * @param isNewDevice whether the device was registered with it
   */
  void issued(String actor, InetAddress from, DeviceCertificate certificate, boolean isNewDevice);

  /**
   * A device was registered for a certificate that then could not be issued. Returns when it is on
   * disk.
   *
   * @param actor who asked
   * @param why no certificate was issued, for people
   */
  void registeredAlone(String actor, InetAddress from, String device, String why);
}
