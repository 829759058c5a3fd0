#include "crypto/master_key.h"

#include "base/error.h"
#include "crypto/encoding.h"
#include "crypto/private_file.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>

namespace drs {
namespace {

Key hkdf(const Key& from, std::string_view purpose) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr), &EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(kdf.get()),
                                                                          &EVP_KDF_CTX_free);
  if (!context) throw Error(Msg::internal, {"OpenSSL has no HKDF"});
  std::string digest = "SHA256";
  std::string info = "opendrs/" + std::string(purpose);
  Key input = from;
  const std::array<OSSL_PARAM, 4> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, input.data(), Key::kBytes),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()), OSSL_PARAM_construct_end()};
  Key out;
  if (EVP_KDF_derive(context.get(), out.data(), Key::kBytes, parameters.data()) != 1) {
    throw Error(Msg::internal, {"HKDF failed"});
  }
  return out;
}

}  // namespace

Key::~Key() {
  OPENSSL_cleanse(raw_.data(), raw_.size());
}

MasterKey::MasterKey(std::string_view bytes) {
  if (bytes.size() != Key::kBytes) throw Error(Msg::internal, {"a master key has 32 bytes"});
  std::copy(bytes.begin(), bytes.end(), key_.data());
  id_ = toHex(derive("key-id").bytes().substr(0, 4));
}

MasterKey MasterKey::load(const std::string& path) {
  std::string text = readPrivateFile(path);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  auto bytes = fromHex(text);
  wipe(text);
  if (!bytes || bytes->size() != Key::kBytes) {
    throw Error(Msg::badConfig, {path + ": is not a master key (64 hex digits); restore it from your backup"});
  }
  MasterKey key(*bytes);
  wipe(*bytes);
  return key;
}

MasterKey MasterKey::create(const std::string& path) {
  std::string bytes = randomBytes(Key::kBytes);
  std::string text = toHex(bytes) + "\n";
  createPrivateFile(path, text);
  MasterKey key(bytes);
  wipe(text);
  wipe(bytes);
  return key;
}

Key MasterKey::derive(std::string_view purpose) const {
  return hkdf(key_, purpose);
}

}  // namespace drs
