package io.signalbox.server.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.RevocationReason;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.registry.RegistryException.Reason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Who fills the store can be shut out all the same. */
final class WithdrawalTest {
  private static final String ISSUER =
      "{'issuer':'https://x','audiences':['iot'],'algorithms':['HS256'],"
          + "'hmacSecret':'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='";

  @TempDir Path directory;

  private final List<String> certificates = new ArrayList<>();

  @BeforeEach
  void register() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.DEVICE, "d", "{}");
      fixture.put(Kind.DEVICE, "e", "{}");
      fixture.put(Kind.USER, "u", "{'password':'correct horse'}");
      fixture.put(Kind.JWT_ISSUER, "login", ISSUER + "}");
      String csr = "{'csrPem':'" + RegistryFixture.csr("d") + "'}";
      for (String label : List.of("revoked", "off", "good")) {
        certificates.add(fixture.ensure("d", label, csr).entry().name());
      }
    }
  }

  @Test
  void passesWhileTheDiskHasNoRoom() throws Exception {
    var free = new AtomicLong(1L << 40);
    try (var fixture = RegistryFixture.open(directory, StoreConfig.DEFAULTS, free::get)) {
      free.set(0);
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (fixture.store.writer().hasRoom()) {
        assertTrue(System.nanoTime() < deadline, "not in time");
        Thread.onSpinWait(); // it looks from time to time
      }
      withdrawAll(fixture);
    }
  }

  @Test
  void passesWhileTheQuotaIsReached() throws Exception {
    StoreConfig d = StoreConfig.DEFAULTS;
    var oneByte =
        new StoreConfig(
            1,
            d.messagesMax(),
            d.diskReserveBytes(),
            d.mapBytes(),
            d.batchCommandsMax(),
            d.batchBytesMax(),
            d.queueCommandsMax(),
            d.queueBytesMax(),
            d.readerThreads(),
            d.sliceRowsMax());
    try (var fixture = RegistryFixture.open(directory, oneByte, () -> 1L << 40)) {
      withdrawAll(fixture);
    }
  }

  private void withdrawAll(RegistryFixture fixture) throws Exception {
    Inventory inventory = fixture.inventory;
    assertRefused(() -> fixture.put(Kind.DEVICE, "new", "{'enabled':false}"));
    inventory.revoke(certificates.get(0), RevocationReason.KEY_COMPROMISE, Condition.NONE);
    inventory.setActive(certificates.get(1), false, Condition.NONE);
    assertRefused(() -> inventory.setActive(certificates.get(1), true, Condition.NONE));
    fixture.put(Kind.USER, "u", "{'enabled':false}");
    fixture.put(Kind.JWT_ISSUER, "login", ISSUER + ",'enabled':false}");
    fixture.makeAuthority("factory", "{'enabled':false}");
    String long128 = "x".repeat(128);
    assertRefused(
        () -> fixture.put(Kind.DEVICE, "e", "{'enabled':false,'displayName':'" + long128 + "'}"));
    fixture.put(Kind.DEVICE, "e", "{'enabled':false}");
    assertRefused(() -> fixture.put(Kind.DEVICE, "e", "{}"));
    inventory.deleteDevice("d", Condition.NONE, revocations -> remove(fixture, revocations));
    assertNull(fixture.registry.device("d"));
    assertTrue(certificates.stream().allMatch(fixture.registry::isRefused));
  }

  private static List<Written<?>> remove(
      RegistryFixture fixture, List<Edit<DeviceCertificate>> revocations)
      throws RegistryException, InterruptedException {
    List<Edit<?>> edits = new ArrayList<>(revocations);
    edits.add(Edit.remove(Kind.DEVICE, "d", Condition.NONE));
    return fixture.registry.writeTogether(edits, _ -> List.of(), () -> {});
  }

  private static void assertRefused(Executable grows) {
    assertEquals(Reason.UNAVAILABLE, assertThrows(RegistryException.class, grows).reason());
  }
}
