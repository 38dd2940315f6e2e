package io.signalbox.server.config;

import java.util.List;

/**
 * Certificates for devices that ask for themselves, and what anybody may know of them. Section
 * {@code enrolment}.
 *
 * @param est whether wss listeners answer Enrolment over Secure Transport (RFC 7030)
 * @param httpPort 0..65,535 where revocation lists and OCSP are served over plain HTTP besides; 0:
 *     nowhere
 * @param httpBind addresses for that; not empty
 */
public record EnrolmentConfig(boolean est, int httpPort, List<String> httpBind) {
  private static final Range HTTP_PORT = Range.of("enrolment.http-port", 0, 65_535);

  public static final EnrolmentConfig DEFAULTS =
      new EnrolmentConfig(true, 0, List.of("127.0.0.1", "::1"));

  public EnrolmentConfig {
    httpBind = List.copyOf(httpBind);
    HTTP_PORT.check(httpPort);
    if (httpBind.isEmpty()) {
      throw new IllegalArgumentException("enrolment.http-bind: no address; name at least one");
    }
  }

  static EnrolmentConfig read(Section enrolment) {
    EnrolmentConfig d = DEFAULTS;
    return enrolment.make(
        d,
        () ->
            new EnrolmentConfig(
                enrolment.bool("est", d.est),
                enrolment.integer(HTTP_PORT, d.httpPort),
                enrolment.strings("http-bind", d.httpBind)));
  }
}
