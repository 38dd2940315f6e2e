package io.signalbox.server.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Devices, certificates and what else is registered. Section {@code registry}.
 *
 * @param required what must be registered before a device may connect
 * @param defaultCa the issuing authority of a request that names none
 * @param certificateValidity 1 h..100 years of a certificate whose request does not say
 * @param caPassphrase the passphrase of the keys of issuing authorities; null: they are not
 *     encrypted
 * @param experimentalKeyTypes whether issuing authorities may have post-quantum keys
 * @param pkcs11 the token that may keep keys of issuing authorities; null: there is none
 * @param devicesMax 1..100,000,000
 * @param certificatesMax 1..100,000,000, those that ended included until they are removed
 * @param groupsMax 1..1,000,000
 * @param othersMax 1..1,000,000 entries of each other kind
 * @param attributesMax 0..1,024 of one device, group or template
 * @param groupsPerEntryMax 0..1,024 of one device, user or template
 */
public record RegistryConfig(
    Required required,
    String defaultCa,
    Duration certificateValidity,
    @Nullable Secret caPassphrase,
    boolean experimentalKeyTypes,
    @Nullable Pkcs11 pkcs11,
    int devicesMax,
    int certificatesMax,
    int groupsMax,
    int othersMax,
    int attributesMax,
    int groupsPerEntryMax) {

  /** What must be registered before a device with a certificate may connect. */
  public enum Required {
    /** Nothing: any device with a certificate of a trusted authority; what is registered counts. */
    NONE,
    /** The device. */
    DEVICE,
    /** The device and the very certificate. */
    CERTIFICATE
  }

  /**
   * A token by its vendor's PKCS#11 library.
   *
   * @param slot 0..65,535 position among all slots of the library, with a token or without
   */
  public record Pkcs11(Path library, int slot, Secret pin) {
    public Pkcs11 {
      SLOT.check(slot);
    }

    private static @Nullable Pkcs11 read(Section token) {
      Path library = token.file("library");
      int slot = token.integer(SLOT, 0);
      Secret pin = token.secretFile("pin-file");
      if (library == null && pin != null) {
        token.problem("library", "is missing; name the PKCS#11 library of the token's vendor");
      } else if (library != null && pin == null) {
        token.problem("pin-file", "is missing; name a file with the PIN of the token's user");
      }
      Optional<Pkcs11> none = Optional.empty();
      return token
          .make(
              none,
              () ->
                  library == null || pin == null
                      ? none
                      : Optional.of(new Pkcs11(library, slot, pin)))
          .orElse(null);
    }
  }

  private static final Range SLOT = Range.of("registry.pkcs11.slot", 0, 65_535);
  private static final Range VALIDITY = Range.of("registry.certificate-validity-hours", 1, 876_000);
  private static final Range DEVICES_MAX = Range.of("registry.devices-max", 1, 100_000_000);
  private static final Range CERTIFICATES_MAX =
      Range.of("registry.certificates-max", 1, 100_000_000);
  private static final Range GROUPS_MAX = Range.of("registry.groups-max", 1, 1_000_000);
  private static final Range OTHERS_MAX = Range.of("registry.others-max", 1, 1_000_000);
  private static final Range ATTRIBUTES_MAX = Range.of("registry.attributes-max", 0, 1_024);
  private static final Range GROUPS_PER_ENTRY_MAX =
      Range.of("registry.groups-per-entry-max", 0, 1_024);

  public static final RegistryConfig DEFAULTS =
      new RegistryConfig(
          Required.NONE,
          "dev-ca",
          Duration.ofDays(730),
          null,
          false,
          null,
          1_000_000,
          2_000_000,
          10_000,
          10_000,
          64,
          64);

  public RegistryConfig {
    if (!defaultCa.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")) {
      throw new IllegalArgumentException(
          "registry.default-ca: \"" + defaultCa + "\" is no name of an issuing authority");
    }
    VALIDITY.check(certificateValidity.toHours());
    DEVICES_MAX.check(devicesMax);
    CERTIFICATES_MAX.check(certificatesMax);
    GROUPS_MAX.check(groupsMax);
    OTHERS_MAX.check(othersMax);
    ATTRIBUTES_MAX.check(attributesMax);
    GROUPS_PER_ENTRY_MAX.check(groupsPerEntryMax);
  }

  static RegistryConfig read(Section registry) {
    RegistryConfig d = DEFAULTS;
    return registry.make(
        d,
        () ->
            new RegistryConfig(
                registry.choice("required", Required.class, d.required),
                registry.string("default-ca", d.defaultCa),
                Duration.ofHours(registry.number(VALIDITY, d.certificateValidity.toHours())),
                registry.secretFile("ca-passphrase-file"),
                registry.bool("experimental-key-types", d.experimentalKeyTypes),
                Pkcs11.read(registry.section("pkcs11")),
                registry.integer(DEVICES_MAX, d.devicesMax),
                registry.integer(CERTIFICATES_MAX, d.certificatesMax),
                registry.integer(GROUPS_MAX, d.groupsMax),
                registry.integer(OTHERS_MAX, d.othersMax),
                registry.integer(ATTRIBUTES_MAX, d.attributesMax),
                registry.integer(GROUPS_PER_ENTRY_MAX, d.groupsPerEntryMax)));
  }
}
