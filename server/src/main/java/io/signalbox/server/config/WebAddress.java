package io.signalbox.server.config;

import java.net.URI;
import java.net.URISyntaxException;

/** Reads addresses that the broker itself fetches from. */
public final class WebAddress {
  private WebAddress() {}

  /**
   * @throws IllegalArgumentException if it is no absolute http or https address
   */
  public static URI parse(String text) {
    try {
      URI address = new URI(text);
      boolean http = "http".equals(address.getScheme()) || "https".equals(address.getScheme());
      if (http && address.getHost() != null && address.getUserInfo() == null) {
        return address;
      }
    } catch (URISyntaxException _) {
      // told below
    }
    throw new IllegalArgumentException(
        "\"" + text + "\" is no address such as https://host/path, without a user name in it");
  }
}
