#include <doctest/doctest.h>

#include "kernel_text.h"
#include "scratch.h"

using namespace farm;

TEST_CASE("a thermal zone is a temperature in thousandths of a degree, or nothing") {
  CHECK(zone_c("41500\n") == doctest::Approx(41.5));
  for (const char* text : {"41\n", "415\n", "4012\n", "-40000\n", "0\n", "4012000\n", "", "n/a\n"}) CHECK_FALSE(zone_c(text));
}

TEST_CASE("a battery's voltage is told in uV, whether uV or mV are printed") {
  CHECK(voltage_uv("3850000\n") == 3850000);
  CHECK(voltage_uv("3850\n") == 3850000);
  for (const char* text : {"4\n", "385\n", "385000\n", "0\n", "-22\n"}) CHECK_FALSE(voltage_uv(text));
}

TEST_CASE("a current is what is printed, but an error's number is none") {
  CHECK(printed_current("-350000\n") == -350000);
  CHECK(printed_current("350\n") == 350);
  CHECK(printed_current("0\n") == 0);
  for (const char* text : {"-22\n", "-61\n", "2147483647\n", "Permission denied\n"}) CHECK_FALSE(printed_current(text));
}

TEST_CASE("a battery that is drained says so in one word only") {
  CHECK(discharging("Discharging\n") == 1);
  for (const char* text : {"Charging\n", "Not charging\n", "Full\n"}) CHECK(discharging(text) == 0);
  for (const char* text : {"Unknown\n", "", "3\n", "cat: status: Permission denied\n"}) CHECK_FALSE(discharging(text));
}

TEST_CASE("clocks, temperatures of batteries and levels are believed in their ranges only") {
  CHECK(khz_as_hz("2400000\n") == 2.4e9);
  CHECK_FALSE(khz_as_hz("0\n"));
  CHECK(tenths_as_c("274\n") == doctest::Approx(27.4));
  CHECK_FALSE(tenths_as_c("27400\n"));
  CHECK(percent("80\n") == 80);
  CHECK_FALSE(percent("4012\n"));
}

TEST_CASE("zones that hold the battery's state are no thermometers") {
  const Scratch scratch;
  for (const char* kind : {"soc", "pm8550-bcl-lvl0", "vbat", "ibat-lvl0", "vph-min", "batoilo"}) {
    scratch.write("zone/type", std::string(kind) + "\n");
    CHECK_FALSE(is_thermometer(scratch.file("zone")));
  }
  for (const char* kind : {"skin", "battery", "soc_thermal", "VIRTUAL-SKIN", "cpu-0-0-usr"}) {
    scratch.write("zone/type", std::string(kind) + "\n");
    CHECK(is_thermometer(scratch.file("zone")));
  }
}

TEST_CASE("a supply is a battery when it says so, or, where it says nothing, by its name") {
  const Scratch scratch;
  scratch.write("bms/type", "BMS\n");
  scratch.write("main-battery/type", "Mains\n");
  scratch.write("battery/capacity", "80\n");
  scratch.write("usb/online", "1\n");
  CHECK(is_battery(scratch.file("bms")));
  CHECK(is_battery(scratch.file("battery")));
  CHECK(is_charger(scratch.file("main-battery")));
  CHECK(is_charger(scratch.file("usb")));
  scratch.write("Main_Battery/capacity", "80\n");
  CHECK(is_battery(scratch.file("Main_Battery")));
}

TEST_CASE("a pen's or a mouse's battery is neither this device's battery nor a charger") {
  const Scratch scratch;
  scratch.write("pen_battery/type", "Battery\n");
  scratch.write("pen_battery/scope", "Device\n");
  scratch.write("battery/type", "Battery\n");
  scratch.write("battery/scope", "System\n");
  CHECK_FALSE(is_battery(scratch.file("pen_battery")));
  CHECK_FALSE(is_charger(scratch.file("pen_battery")));
  CHECK(is_battery(scratch.file("battery")));
}
