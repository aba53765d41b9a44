#include <iostream>
#include <locale>

int main()
{
    std::locale::global(std::locale("C.UTF-8"));
    std::cout << "ok" << std::endl;
}
