#include <iostream>

int main()
{
    try {
        throw "ok";
    } catch (const char *text) {
        std::cout << text << std::endl;
    }
}
