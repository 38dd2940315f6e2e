package io.signalbox.server.auth;

import io.signalbox.server.registry.DeviceCertificate;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Writes down which devices and certificates were registered when they first came. May wait for the
 * disk.
 */
public interface ProvisioningAudit {
  /** Nothing is written down. */
  ProvisioningAudit NONE =
      new ProvisioningAudit() {
        @Override
        public @Nullable String obstacle() {
          return null;
        }

        @Override
        public void registered(
            DeviceCertificate certificate, @Nullable InetAddress from, boolean isNewDevice) {}

        @Override
        public void registeredAlone(String device, @Nullable InetAddress from, String why) {}
      };

  /** Why nobody may be registered now, for people; null if they may. */
  @Nullable String obstacle();

  /**
   * Returns when it is on disk; called once the device and its certificate are registered, before
   * it is let in.
   *
   * @param from whence it came; null: not known
   * @param isNewDevice false: the device was there
   */
  void registered(DeviceCertificate certificate, @Nullable InetAddress from, boolean isNewDevice);

  /**
   * Returns when it is on disk; called once the device is registered, whose certificate then could
   * not be.
   *
   * @param from whence it came; null: not known
   * @param why not, for people
   */
  void registeredAlone(String device, @Nullable InetAddress from, String why);
}
