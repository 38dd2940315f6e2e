package io.signalbox.server.config;

import java.util.List;

/**
 * Certificates for devices that ask for themselves, and what anybody may know of them. Section
 * {@code enrolment}.
 *
 * @param est whether wss listeners answer Enrolment over Secure Transport (RFC 7030)
 * @param certificatesPerDevicePerDayMax 1..1,000,000 new ones that a device gets by EST
 * @param httpPort 0..65,535 where revocation lists and OCSP are served over plain HTTP besides; 0:
 *     nowhere
 * @param httpBind addresses for that; not empty
 * @param httpConnectionsMax 1..10,000,000 open connections there
 */
public record EnrolmentConfig(
    boolean est,
    int certificatesPerDevicePerDayMax,
    int httpPort,
    List<String> httpBind,
    int httpConnectionsMax) {
  private static final Range CERTIFICATES_PER_DEVICE_PER_DAY_MAX =
      Range.of("enrolment.certificates-per-device-per-day-max", 1, 1_000_000);
  private static final Range HTTP_PORT = Range.of("enrolment.http-port", 0, 65_535);
  private static final Range HTTP_CONNECTIONS_MAX =
      Range.of("enrolment.http-connections-max", 1, 10_000_000);

  public static final EnrolmentConfig DEFAULTS =
      new EnrolmentConfig(true, 100, 0, List.of("127.0.0.1", "::1"), 1_000);

  public EnrolmentConfig {
    httpBind = List.copyOf(httpBind);
    CERTIFICATES_PER_DEVICE_PER_DAY_MAX.check(certificatesPerDevicePerDayMax);
    HTTP_PORT.check(httpPort);
    if (httpBind.isEmpty()) {
      throw new IllegalArgumentException("enrolment.http-bind: no address; name at least one");
    }
    HTTP_CONNECTIONS_MAX.check(httpConnectionsMax);
  }

  EnrolmentConfig withHttpPort(int port) {
    return new EnrolmentConfig(
        est, certificatesPerDevicePerDayMax, port, httpBind, httpConnectionsMax);
  }

  static EnrolmentConfig read(Section enrolment) {
    EnrolmentConfig d = DEFAULTS;
    return enrolment.make(
        d,
        () ->
            new EnrolmentConfig(
                enrolment.bool("est", d.est),
                enrolment.integer(
                    CERTIFICATES_PER_DEVICE_PER_DAY_MAX, d.certificatesPerDevicePerDayMax),
                enrolment.integer(HTTP_PORT, d.httpPort),
                enrolment.strings("http-bind", d.httpBind),
                enrolment.integer(HTTP_CONNECTIONS_MAX, d.httpConnectionsMax)));
  }
}
