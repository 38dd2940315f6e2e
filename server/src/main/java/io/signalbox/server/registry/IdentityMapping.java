package io.signalbox.server.registry;

import com.google.gson.JsonObject;
import io.signalbox.pki.ClientIdentity;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Where in a certificate the device's id stands.
 *
 * @param prefix cut off; a value without it is not looked at
 * @param suffix the same at the end
 */
public record IdentityMapping(Source source, String prefix, String suffix) {
  /** A part of a certificate. */
  public enum Source {
    CN,
    DNS,
    URI,
    EMAIL,
    SERIAL,
    FINGERPRINT
  }

  /** The common name as it is. */
  public static final IdentityMapping COMMON_NAME = new IdentityMapping(Source.CN, "", "");

  private static final List<String> SOURCES =
      List.of("cn", "dns", "uri", "email", "serial", "fingerprint");

  static IdentityMapping read(Fields in) {
    var made =
        new IdentityMapping(
            Source.valueOf(in.choice("source", "cn", SOURCES).toUpperCase(Locale.ROOT)),
            in.text("prefix", "", 256),
            in.text("suffix", "", 256));
    in.endPart();
    return made;
  }

  JsonObject toJson() {
    var out = new JsonObject();
    out.addProperty("source", source.name().toLowerCase(Locale.ROOT));
    out.addProperty("prefix", prefix);
    out.addProperty("suffix", suffix);
    return out;
  }

  /**
   * The device id of a certificate; empty if no value fits, or if two different ones do: then
   * nobody can say who it is.
   */
  public Optional<String> deviceId(ClientIdentity identity) {
    List<String> ids =
        values(identity).stream()
            .filter(
                value ->
                    value.length() > prefix.length() + suffix.length()
                        && value.startsWith(prefix)
                        && value.endsWith(suffix))
            .map(value -> value.substring(prefix.length(), value.length() - suffix.length()))
            .filter(Names::isName)
            .distinct()
            .toList();
    return ids.size() == 1 ? Optional.of(ids.getFirst()) : Optional.empty();
  }

  private List<String> values(ClientIdentity identity) {
    return switch (source) {
      case CN -> List.of(identity.commonName());
      case DNS -> identity.names().dnsNames();
      case URI -> identity.names().uris();
      case EMAIL -> identity.names().emails();
      case SERIAL -> List.of(identity.serialHex());
      case FINGERPRINT -> List.of(identity.fingerprint());
    };
  }
}
