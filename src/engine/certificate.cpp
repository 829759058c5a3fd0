#include "engine/certificate.h"

#include "base/error.h"
#include "crypto/encoding.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <cctype>
#include <memory>

namespace drs {
namespace {

template <auto free>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free(object);
  }
};
void freeChain(STACK_OF(X509) * chain) {
  sk_X509_pop_free(chain, X509_free);
}

using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;

[[noreturn]] void refuse(const std::string& member, const std::string& value, const std::string& allowed) {
  ERR_clear_error();
  throw Error(Msg::valueNotAllowed, {member, value, allowed}, Origin::request);
}

std::string decode(const std::string& text, const std::string& path) {
  std::string packed;
  for (const char c : text)
    if (std::isspace(static_cast<unsigned char>(c)) == 0) packed += c;
  std::optional<std::string> bytes = fromBase64(packed);
  if (!bytes || bytes->empty()) refuse(path + ".ssl_cert_key", "(not shown)", "Base64 text");
  return *bytes;
}

void verifyCheckSum(const std::string& bytes, const std::string& expected, const std::string& path) {
  // Tools print a digest in either case and with colons.
  std::string wanted;
  for (const char c : expected)
    if (c != ':' && c != ' ') wanted += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const std::string found = sha256Hex(bytes);
  if (wanted != found) refuse(path + ".ssl_cert_check_sum", expected, found + " (SHA-256 of the decoded certificate)");
}

bool endsWith(std::string text, std::string_view end) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text.ends_with(end);
}

std::string takeText(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string fromPkcs12(const std::string& bytes, const std::string& password, const std::string& path) {
  const Bio in(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  const std::unique_ptr<PKCS12, Free<PKCS12_free>> file(d2i_PKCS12_bio(in.get(), nullptr));
  if (!file) refuse(path + ".ssl_cert_key", "(not shown)", "PEM text or a PKCS #12 file, in Base64");
  EVP_PKEY* key = nullptr;
  X509* own = nullptr;
  STACK_OF(X509)* chain = nullptr;
  if (PKCS12_parse(file.get(), password.c_str(), &key, &own, &chain) != 1)
    refuse(path + ".ssl_cert_password", "(not shown)", "the password of the PKCS #12 file");
  const std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>> keyOwner(key);
  const Certificate ownOwner(own);
  const std::unique_ptr<STACK_OF(X509), Free<freeChain>> chainOwner(chain);

  const Bio out(BIO_new(BIO_s_mem()));
  // Beside a client certificate the chain holds the CAs; a store of trusted certificates has a chain only.
  for (int i = 0; i < sk_X509_num(chain); ++i) PEM_write_bio_X509(out.get(), sk_X509_value(chain, i));
  if (sk_X509_num(chain) <= 0 && own != nullptr) PEM_write_bio_X509(out.get(), own);
  std::string pem = takeText(out.get());
  if (pem.empty()) refuse(path + ".ssl_cert_key", "(not shown)", "a PKCS #12 file that holds a certificate");
  return pem;
}

bool holdsCertificate(const std::string& pem) {
  const Bio in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Certificate first(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return first != nullptr;
}

}  // namespace

std::string decodeCertificate(const CertificateText& given, const std::string& path) {
  std::string bytes = decode(given.base64, path);
  if (!given.checkSum.empty()) verifyCheckSum(bytes, given.checkSum, path);
  const bool named = endsWith(given.name, ".p12") || endsWith(given.name, ".pfx");
  if (named || bytes.find("-----BEGIN") == std::string::npos) return fromPkcs12(bytes, given.password, path);
  if (!holdsCertificate(bytes))
    refuse(path + ".ssl_cert_key", "(not shown)", "PEM text with at least one certificate, in Base64");
  return bytes;
}

}  // namespace drs
