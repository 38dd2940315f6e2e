package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.SubjectNames;
import io.signalbox.server.config.RegistryConfig;
import io.signalbox.server.config.SessionConfig.Overflow;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.store.Store;
import io.signalbox.server.store.StoreFixture;
import io.signalbox.server.store.StoreLimits;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** A registry on a store of its own. */
public final class RegistryFixture implements AutoCloseable {
  public static final SecureRandom RANDOM = new SecureRandom();

  /** How far the wall clock of the registry is ahead of the machine's. */
  volatile long aheadMillis;

  private final Clocks clocks =
      new Clocks() {
        @Override
        public long wallMillis() {
          return Clocks.system().wallMillis() + aheadMillis;
        }

        @Override
        public long nanos() {
          return Clocks.system().nanos();
        }
      };

  final Store store;
  final Metrics metrics = new Metrics(1, "test");
  public final Registry registry;
  public final Authorities authorities;
  public final Inventory inventory;

  private RegistryFixture(
      Path directory,
      RegistryConfig config,
      Map<String, List<X509Certificate>> configured,
      StoreConfig storeConfig,
      LongSupplier freeBytes)
      throws Exception {
    store =
        StoreFixture.openOnDisk(
            freeBytes,
            directory.resolve("store"),
            storeConfig,
            new StoreLimits(100, 1 << 20, Overflow.DROP_NEWEST, Long.MAX_VALUE, 100, 1 << 20),
            Clocks.system(),
            metrics,
            problem -> {
              throw new AssertionError(problem);
            });
    try {
      registry =
          Registry.open(store, config, Sealing.openOrCreate(directory, RANDOM), clocks, metrics);
    } catch (RegistryException e) {
      store.close();
      throw e;
    }
    authorities =
        Authorities.open(
            registry, directory.resolve("ca"), Clock.systemUTC(), RANDOM, null, configured);
    inventory = new Inventory(registry, authorities, clocks, RANDOM);
  }

  public static RegistryFixture open(Path directory) throws Exception {
    return open(directory, config(100, 64));
  }

  static RegistryFixture open(Path directory, RegistryConfig config) throws Exception {
    return new RegistryFixture(directory, config, Map.of(), StoreConfig.DEFAULTS, () -> 1L << 40);
  }

  static RegistryFixture open(Path directory, StoreConfig storeConfig, LongSupplier freeBytes)
      throws Exception {
    return new RegistryFixture(directory, config(100, 64), Map.of(), storeConfig, freeBytes);
  }

  /** Beside authorities that the configuration trusts, by their names. */
  public static RegistryFixture open(Path directory, Map<String, List<X509Certificate>> configured)
      throws Exception {
    return new RegistryFixture(
        directory, config(100, 64), configured, StoreConfig.DEFAULTS, () -> 1L << 40);
  }

  /** With room for so many certificates. */
  public static RegistryFixture open(Path directory, int certificatesMax) throws Exception {
    return open(directory, config(100, 64, false, certificatesMax));
  }

  static RegistryConfig config(int devicesMax, int attributesMax) {
    return config(devicesMax, attributesMax, false, RegistryConfig.DEFAULTS.certificatesMax());
  }

  static RegistryConfig config(boolean experimentalKeyTypes) {
    return config(100, 64, experimentalKeyTypes, RegistryConfig.DEFAULTS.certificatesMax());
  }

  private static RegistryConfig config(
      int devicesMax, int attributesMax, boolean experimentalKeyTypes, int certificatesMax) {
    RegistryConfig d = RegistryConfig.DEFAULTS;
    return new RegistryConfig(
        d.required(),
        "factory",
        d.certificateValidity(),
        null,
        experimentalKeyTypes,
        null,
        devicesMax,
        certificatesMax,
        d.groupsMax(),
        d.othersMax(),
        attributesMax,
        d.groupsPerEntryMax());
  }

  /** Puts what a caller would send. */
  public <E extends Entry<E>> Written<E> put(Kind<E> kind, String name, String json)
      throws Exception {
    return put(kind, name, Condition.NONE, json);
  }

  <E extends Entry<E>> Written<E> put(Kind<E> kind, String name, Condition condition, String json)
      throws Exception {
    return registry.put(
        kind,
        name,
        condition,
        existing -> {
          Fields in = fields(json);
          E made = kind.read(name, in, existing, existing == null ? Stamp.NEW : existing.stamp());
          in.end();
          return made;
        });
  }

  static Fields fields(String json) {
    return Fields.of(json(json));
  }

  static JsonObject json(String json) {
    try {
      return Json.object(json.replace('\'', '"').getBytes(UTF_8));
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  public void makeAuthority(String name) throws Exception {
    makeAuthority(name, "{}");
  }

  public void makeAuthority(String name, String json) throws Exception {
    authorities.put(
        name,
        Condition.NONE,
        existing -> {
          Fields in = fields(json);
          IssuingAuthority made = IssuingAuthority.read(name, in, existing, Stamp.NEW);
          in.end();
          return made;
        });
  }

  public static String csr(String commonName) {
    return CertificateSigningRequest.create(
            KeyAlgorithm.EC_P256.generate(RANDOM), SubjectNames.ofCommonName(commonName), RANDOM)
        .toPem();
  }

  public static CertificateAuthority elsewhere() throws Exception {
    return CertificateAuthority.createRoot(
        "Elsewhere",
        KeyAlgorithm.EC_P256,
        CertificateProfile.ROOT.withPathLength(0),
        Clock.systemUTC(),
        RANDOM);
  }

  public Written<DeviceCertificate> ensure(String device, String label, String json)
      throws Exception {
    return ensure(inventory, device, label, json);
  }

  static Written<DeviceCertificate> ensure(
      Inventory through, String device, String label, String json) throws Exception {
    Fields in = fields(json.replace("\n", "\\n"));
    CertificateRequest request = CertificateRequest.read(in);
    in.end();
    return through.ensure(device, label, request, false);
  }

  static List<String> pointers(RegistryException e) {
    return e.problems().stream().map(FieldProblem::pointer).toList();
  }

  @Override
  public void close() {
    store.close();
  }
}
