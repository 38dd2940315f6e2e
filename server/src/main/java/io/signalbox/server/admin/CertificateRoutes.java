package io.signalbox.server.admin;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.signalbox.pki.RevocationReason;
import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.ApiPolicies.Removed;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.registry.CertificateRequest;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.DeviceCertificate;
import io.signalbox.server.registry.Fields;
import io.signalbox.server.registry.Inventory;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Written;
import io.undertow.util.StatusCodes;
import java.io.Closeable;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The inventory: issue, register, switch off, revoke, search. */
final class CertificateRoutes {
  private static final String OF_DEVICE = "/devices/{id}/certificates";
  private static final String NAMED = "/devices/{id}/certificates/{name}";
  private static final String ONE = "/certificates/{fingerprint}";
  private static final Map<String, RevocationReason> REASONS = reasons();
  private static final List<String> STATUS = List.of("active", "inactive", "revoked", "expired");

  private final Registry registry;
  private final Inventory inventory;
  private final ApiPolicies policies;
  private final Views views;
  private final Grants grants;
  private final Clocks clocks;
  private final int operationsMax;

  CertificateRoutes(
      Registry registry,
      Inventory inventory,
      ApiPolicies policies,
      Views views,
      Grants grants,
      Clocks clocks,
      int operationsMax) {
    this.registry = registry;
    this.inventory = inventory;
    this.policies = policies;
    this.views = views;
    this.grants = grants;
    this.clocks = clocks;
    this.operationsMax = operationsMax;
  }

  List<Route> routes() {
    return List.of(
        Route.get(OF_DEVICE, Role.VIEWER, this::ofDevice),
        Route.get(NAMED, Role.VIEWER, this::named),
        Route.put(NAMED, Role.OPERATOR, this::ensure),
        Route.list(
            "/certificates",
            Role.VIEWER,
            Set.of("prefix", "device", "serial", "ca", "status", "expiresBefore"),
            this::list),
        Route.post("/certificates/batch", Role.OPERATOR, this::batch),
        Route.get(ONE, Role.VIEWER, this::get),
        Route.put(ONE, Role.OPERATOR, this::setStatus),
        Route.delete(ONE, Role.OPERATOR, this::delete),
        Route.post(ONE + "/revoke", Role.OPERATOR, this::revoke));
  }

  // ---- reading

  private ApiResponse ofDevice(ApiRequest request) throws ApiException {
    var items = new JsonArray();
    registry
        .certificatesOf(device(request.parameter("id")).name())
        .forEach(certificate -> items.add(views.of(certificate)));
    return ApiResponse.page(items, null);
  }

  private Device device(String id) throws ApiException {
    Device device = registry.device(id);
    if (device == null) {
      throw EntryRoutes.missing(Kind.DEVICE, id);
    }
    return device;
  }

  private ApiResponse named(ApiRequest request) throws ApiException {
    String name = request.parameter("name");
    DeviceCertificate newest = inventory.newest(device(request.parameter("id")).name(), name);
    if (newest == null) {
      throw EntryRoutes.missing(Kind.CERTIFICATE, name);
    }
    return answer(newest);
  }

  private ApiResponse get(ApiRequest request) throws ApiException {
    return answer(certificate(request));
  }

  private DeviceCertificate certificate(ApiRequest request) throws ApiException {
    String fingerprint = request.parameter("fingerprint");
    DeviceCertificate certificate = registry.certificate(fingerprint);
    if (certificate == null) {
      throw EntryRoutes.missing(Kind.CERTIFICATE, fingerprint);
    }
    return certificate;
  }

  private ApiResponse answer(DeviceCertificate certificate) {
    return ApiResponse.of(
        StatusCodes.OK, views.certificate(certificate, true), certificate.stamp().revision());
  }

  private ApiResponse list(ApiRequest request) throws ApiException {
    int limit = request.limit();
    Predicate<DeviceCertificate> wanted = filter(request);
    Optional<String> device = request.query("device");
    Optional<String> serial = request.query("serial");
    List<DeviceCertificate> found;
    if (device.isPresent() || serial.isPresent()) { // few: no walk over all
      List<DeviceCertificate> few =
          serial.isPresent()
              ? registry.certificatesWithSerial(serial.get())
              : registry.certificatesOf(device.orElse(""));
      found =
          few.stream()
              .filter(wanted)
              .filter(c -> c.name().startsWith(request.query("prefix").orElse("")))
              .filter(c -> c.name().compareTo(request.cursor()) > 0)
              .sorted(Comparator.comparing(DeviceCertificate::name))
              .limit(limit + 1L)
              .toList();
    } else {
      found =
          registry.page(
              Kind.CERTIFICATE,
              request.cursor(),
              request.query("prefix").orElse(""),
              wanted,
              limit);
    }
    var items = new JsonArray();
    found.stream().limit(limit).forEach(certificate -> items.add(views.of(certificate)));
    return ApiResponse.page(items, found.size() > limit ? found.get(limit - 1).name() : null);
  }

  private Predicate<DeviceCertificate> filter(ApiRequest request) throws ApiException {
    Optional<String> device = request.query("device");
    Optional<String> ca = request.query("ca");
    Optional<String> status = request.query("status");
    if (status.isPresent() && !STATUS.contains(status.get())) {
      throw new ApiException(
          ApiProblem.Type.MALFORMED,
          "the query parameter status must be one of " + String.join(", ", STATUS));
    }
    long now = clocks.wallMillis();
    long end = expiresBefore(request);
    return certificate ->
        device.map(certificate.device()::equals).orElse(true)
            && ca.map(wanted -> wanted.equals(certificate.ca())).orElse(true)
            && status
                .map(wanted -> wanted.equalsIgnoreCase(certificate.status(now).name()))
                .orElse(true)
            && certificate.notAfterMillis() < end;
  }

  private static long expiresBefore(ApiRequest request) throws ApiException {
    Optional<String> text = request.query("expiresBefore");
    try {
      return text.isEmpty()
          ? Long.MAX_VALUE
          : OffsetDateTime.parse(text.get()).toInstant().toEpochMilli();
    } catch (DateTimeException | ArithmeticException _) {
      throw new ApiException(
          ApiProblem.Type.MALFORMED,
          "the query parameter expiresBefore must be a time such as 2030-01-31T12:00:00Z");
    }
  }

  // ---- changing

  private ApiResponse ensure(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    Device device = device(request.parameter("id"));
    grants.require(request.caller(), device.groups());
    Fields body = request.fields();
    CertificateRequest wanted = CertificateRequest.read(body);
    body.end();
    return answer(
        inventory.ensure(device.name(), request.parameter("name"), wanted, request.onlyCreate()));
  }

  private ApiResponse answer(Written<DeviceCertificate> written) {
    DeviceCertificate certificate = written.entry();
    var response =
        ApiResponse.of(
            written.isCreated() ? StatusCodes.CREATED : StatusCodes.OK,
            views.certificate(certificate, true),
            certificate.stamp().revision());
    return written.isChanged() ? response.changing(List.of(audited(written))) : response;
  }

  private ApiResponse.AuditedChange audited(Written<DeviceCertificate> written) {
    DeviceCertificate some = written.after() == null ? written.before() : written.after();
    return EntryRoutes.change(
        "/certificates/" + (some == null ? "" : some.name()),
        views.orNull(written.before()),
        views.orNull(written.after()));
  }

  private ApiResponse setStatus(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    DeviceCertificate certificate = certificate(request);
    Fields body = request.fields();
    boolean active = body.choice("status", "", List.of("active", "inactive")).equals("active");
    body.end();
    if (active) {
      Device owner = registry.device(certificate.device());
      grants.require(request.caller(), owner == null ? List.of() : owner.groups());
    }
    return answer(inventory.setActive(certificate.name(), active, request.condition()));
  }

  private static Map<String, RevocationReason> reasons() {
    Map<String, RevocationReason> byWord = new LinkedHashMap<>();
    for (RevocationReason reason : RevocationReason.values()) {
      byWord.put(Views.word(reason), reason);
    }
    return byWord;
  }

  private ApiResponse revoke(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    DeviceCertificate certificate = certificate(request);
    Fields body = request.fields();
    String word = body.choice("reason", "unspecified", List.copyOf(REASONS.keySet()));
    body.end();
    RevocationReason reason = Objects.requireNonNull(REASONS.get(word), "a choice among the keys");
    return answer(inventory.revoke(certificate.name(), reason, request.condition()));
  }

  private ApiResponse delete(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    String fingerprint = certificate(request).name();
    inventory.requireEnded(fingerprint);
    Removed<DeviceCertificate> removed =
        policies.remove(Kind.CERTIFICATE, fingerprint, request.condition());
    return ApiResponse.nothing(StatusCodes.NO_CONTENT, 0)
        .changing(EntryRoutes.audited(removed, audited(removed.written()), views));
  }

  // ---- many

  private record Step(
      String device,
      String name,
      Inventory.@Nullable Prepared prepared,
      @Nullable ApiProblem problem)
      implements AutoCloseable {
    @Override
    public void close() {
      if (prepared != null) {
        prepared.close();
      }
    }
  }

  private ApiResponse batch(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    Fields body = request.fields();
    List<Fields> operations = body.parts("operations", operationsMax);
    body.end();
    List<Step> steps = new ArrayList<>(operations.size());
    try {
      for (Fields operation : operations) {
        steps.add(prepare(request, operation));
      }
      return stored(steps);
    } finally {
      steps.forEach(Step::close);
    }
  }

  private ApiResponse stored(List<Step> steps) throws InterruptedException {
    var results = new JsonArray();
    List<ApiResponse.AuditedChange> changes = new ArrayList<>();
    List<ApiResponse.AuditedRefusal> refusals = new ArrayList<>();
    try (Closeable _ = registry.writing()) {
      List<Step> begun = steps.stream().map(CertificateRoutes::begin).toList();
      for (Step step : begun) {
        JsonObject result = finish(step, changes);
        if (result.has("problem")) {
          refusals.add(
              new ApiResponse.AuditedRefusal(
                  "/devices/" + step.device + "/certificates/" + step.name,
                  result.get("status").getAsInt()));
        }
        results.add(result);
      }
    } catch (IOException e) {
      throw new IllegalStateException("a lock does no I/O", e);
    }
    var answer = new JsonObject();
    answer.addProperty("failed", refusals.size());
    answer.add("results", results);
    return ApiResponse.of(answer).changing(changes).refusing(refusals);
  }

  private Step prepare(ApiRequest request, Fields operation) {
    String id = operation.text("device", "", 64);
    String name = operation.text("name", "", 64);
    try {
      Fields certificate = operation.nested("certificate");
      operation.end();
      grants.require(request.caller(), device(id).groups());
      CertificateRequest wanted = CertificateRequest.read(certificate);
      certificate.end();
      return new Step(id, name, inventory.prepare(id, name, wanted, false), null);
    } catch (RegistryException e) {
      return new Step(id, name, null, ApiProblem.of(e));
    } catch (ApiException e) {
      return new Step(id, name, null, e.problem());
    }
  }

  private static Step begin(Step step) {
    Inventory.Prepared prepared = step.prepared;
    if (prepared == null) {
      return step;
    }
    try {
      prepared.begin();
      return step;
    } catch (RegistryException e) {
      return new Step(step.device, step.name, null, ApiProblem.of(e));
    }
  }

  private JsonObject finish(Step step, List<ApiResponse.AuditedChange> changes)
      throws InterruptedException {
    var result = new JsonObject();
    result.addProperty("device", step.device);
    result.addProperty("name", step.name);
    ApiProblem problem = step.problem;
    Inventory.Prepared prepared = step.prepared;
    if (prepared != null) {
      try {
        Written<DeviceCertificate> written = prepared.finish();
        if (written.isChanged()) {
          changes.add(audited(written));
        }
        result.addProperty("status", written.isCreated() ? StatusCodes.CREATED : StatusCodes.OK);
        result.add("certificate", views.certificate(written.entry(), true));
        return result;
      } catch (RegistryException e) {
        problem = ApiProblem.of(e);
      }
    }
    if (problem != null) {
      result.addProperty("status", problem.type().status());
      result.add("problem", problem.toJson());
    }
    return result;
  }
}
