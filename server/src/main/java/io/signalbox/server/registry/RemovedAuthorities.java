package io.signalbox.server.registry;

import io.signalbox.pki.Certificates;
import io.signalbox.pki.RevocationReason;
import io.signalbox.pki.RevocationStatus;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.RegistryException.Reason;
import io.signalbox.server.store.PutRecord;
import io.signalbox.server.store.RecordTable;
import io.signalbox.server.store.StoredRecord;
import io.signalbox.server.store.WriteRecords;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Issuing authorities that were removed while somebody above them may still be trusted: what they
 * have issued stays refused until their certificates end. On disk alone, because it is asked for
 * only when authorities change, when one signs a list, and for certificates that nobody knows. Any
 * thread but an I/O thread.
 *
 * <pre>
 * key: SHA-256 of the authority's public key
 * value: removedAtMillis:8  notAfterMillis:8  and, if another one here has certified it,
 *     issuer:32 (SHA-256 of that one's public key)  serial: of the certificate, the rest
 * </pre>
 *
 * Earlier versions wrote the two times alone and read no further.
 */
final class RemovedAuthorities {
  private final Registry registry;

  /** A row. */
  private record Removed(
      long atMillis, long notAfterMillis, @Nullable String issuer, BigInteger serial) {
    private static final int ISSUER_BYTES = 32;

    static Removed decode(byte[] value) {
      var in = ByteBuffer.wrap(value);
      long atMillis = in.getLong();
      long notAfterMillis = in.getLong();
      if (in.remaining() <= ISSUER_BYTES) {
        return new Removed(atMillis, notAfterMillis, null, BigInteger.ZERO);
      }
      byte[] issuer = new byte[ISSUER_BYTES];
      in.get(issuer);
      byte[] serial = new byte[in.remaining()];
      in.get(serial);
      return new Removed(
          atMillis, notAfterMillis, HexFormat.of().formatHex(issuer), new BigInteger(serial));
    }

    byte[] encode() {
      byte[] by = issuer == null ? new byte[0] : HexFormat.of().parseHex(issuer);
      byte[] number = issuer == null ? new byte[0] : serial.toByteArray();
      return ByteBuffer.allocate(2 * Long.BYTES + by.length + number.length)
          .putLong(atMillis)
          .putLong(notAfterMillis)
          .put(by)
          .put(number)
          .array();
    }

    RevocationStatus.Revoked status() {
      return new RevocationStatus.Revoked(
          Instant.ofEpochMilli(atMillis), RevocationReason.CESSATION_OF_OPERATION);
    }
  }

  RemovedAuthorities(Registry registry) {
    this.registry = registry;
  }

  /** By the fingerprints of their keys. */
  Map<String, RevocationStatus.Revoked> all() {
    Map<String, RevocationStatus.Revoked> all = new HashMap<>();
    for (StoredRecord row : rows()) {
      all.put(HexFormat.of().formatHex(row.key()), Removed.decode(row.value()).status());
    }
    return all;
  }

  /**
   * Those that another authority here had certified; earlier versions did not note by whom.
   *
   * @param issuer fingerprint of that one's key
   */
  List<Certified.Below> below(String issuer) {
    return rows().stream()
        .map(row -> Removed.decode(row.value()))
        .filter(one -> issuer.equals(one.issuer))
        .map(
            one ->
                new Certified.Below(
                    one.serial, Instant.ofEpochMilli(one.notAfterMillis), one.status()))
        .toList();
  }

  private List<StoredRecord> rows() {
    List<StoredRecord> rows = new ArrayList<>();
    registry.store().records(RecordTable.REVOKED, rows::add);
    return rows;
  }

  /**
   * Removes an authority that no other entry names.
   *
   * @param certified its certificate, which somebody else has signed; null: there is nothing to
   *     remember
   * @param issuer certificate of who has signed that; null: nobody here
   */
  void delete(
      String name,
      Condition condition,
      @Nullable X509Certificate certified,
      @Nullable X509Certificate issuer)
      throws RegistryException, InterruptedException {
    List<WriteRecords.Write> notes = certified == null ? List.of() : notes(name, certified, issuer);
    List<Written<?>> written =
        registry.writeTogether(
            List.of(Edit.remove(Kind.ISSUING_CA, name, condition)), _ -> notes, () -> {});
    assert written.size() == 1 : "one was removed";
  }

  /** The new row, and those of whom nothing is left to refuse. */
  private List<WriteRecords.Write> notes(
      String name, X509Certificate certificate, @Nullable X509Certificate issuer)
      throws RegistryException {
    long now = registry.nowMillis();
    List<WriteRecords.Write> notes = new ArrayList<>();
    byte[] key = HexFormat.of().parseHex(Certificates.keyFingerprint(certificate));
    var removed =
        new Removed(
            now,
            certificate.getNotAfter().toInstant().toEpochMilli(),
            issuer == null ? null : Certificates.keyFingerprint(issuer),
            certificate.getSerialNumber());
    notes.add(
        WriteRecords.Write.put(RecordTable.REVOKED, key, PutRecord.ANY_REVISION, removed.encode()));
    List<StoredRecord> rows = rows();
    for (StoredRecord row : rows) {
      if (Removed.decode(row.value()).notAfterMillis < now) {
        notes.add(WriteRecords.Write.remove(RecordTable.REVOKED, row.key(), row.revision()));
      }
    }
    int max = registry.config().othersMax();
    if (rows.size() - (notes.size() - 1) >= max) {
      registry.metrics().limitsReached.inc(Metrics.Limit.REGISTRY_ENTRIES);
      throw new RegistryException(
          Reason.LIMIT_REACHED,
          "as many removed issuing CAs must be remembered as registry.others-max allows entries, "
              + max
              + "; disable \""
              + name
              + "\" instead");
    }
    return notes;
  }
}
